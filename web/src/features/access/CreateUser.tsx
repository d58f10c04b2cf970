// A new user, with a way in and with rights, in one step.
import { useState } from 'react';

import { useChange, useOperation } from '../../api';
import { Checkbox, FailureNote, Form, Input, Modal, notice, Select } from '../../kit';
import { ShownOnce, type Told } from './ShownOnce';
import { useTexts } from './texts';

/** Policies that are offered, at most. */
const MOST_POLICIES = 200;
/** The server's alphabet of names. */
const NAME = /^[\w+=,.@-]{1,64}$/;

interface Values {
  name: string;
  remark?: string;
  login: boolean;
  password?: string;
  reset: boolean;
  key: boolean;
  policies: number[];
}

export function CreateUser({ onClose }: { onClose: () => void }) {
  const t = useTexts();
  const [form] = Form.useForm<Values>();
  const login = Form.useWatch('login', form);
  const [error, setError] = useState<unknown>();
  const [told, setTold] = useState<Told[]>();
  const policies = useOperation('ListPolicies', { Rp: MOST_POLICIES });
  const add = useChange('AddUser', ['ListUsers']);
  const attach = useChange('AttachUserPolicy', ['ListPolicies']);
  const save = async (values: Values) => {
    setError(undefined);
    try {
      const made = await add.mutateAsync({
        Name: values.name,
        Remark: values.remark,
        ConsoleLogin: values.login,
        Password: values.login ? values.password || undefined : undefined,
        NeedResetPassword: values.reset,
        UseApi: values.key,
      });
      for (const PolicyId of values.policies) {
        await attach.mutateAsync({ PolicyId, AttachUin: made.Uin });
      }
      notice.done(t('users.created', { name: values.name }));
      const once: Told[] = [];
      if (made.Password) once.push({ label: t('users.password'), value: made.Password });
      if (made.SecretId) once.push({ label: t('keys.id'), value: made.SecretId });
      if (made.SecretKey) once.push({ label: t('keys.secret'), value: made.SecretKey });
      if (once.length > 0) setTold(once);
      else onClose();
    } catch (failure) {
      setError(failure);
    }
  };
  if (told) return <ShownOnce title={t('users.once')} told={told} onClose={onClose} />;
  return (
    <Modal
      open
      title={t('users.create')}
      okText={t('users.create')}
      onOk={form.submit}
      onCancel={onClose}
      confirmLoading={add.isPending || attach.isPending}
    >
      <Form
        form={form}
        layout="vertical"
        onFinish={(values) => void save(values)}
        initialValues={{ login: true, reset: true, key: false, policies: [] }}
      >
        <Form.Item
          name="name"
          label={t('users.name')}
          extra={t('users.nameText')}
          rules={[{ required: true, pattern: NAME, message: t('users.nameText') }]}
        >
          <Input autoFocus autoComplete="off" maxLength={64} />
        </Form.Item>
        <Form.Item name="remark" label={t('users.remark')}>
          <Input maxLength={1024} />
        </Form.Item>
        <Form.Item name="login" valuePropName="checked">
          <Checkbox>{t('users.mayLogin')}</Checkbox>
        </Form.Item>
        {login && (
          <>
            <Form.Item name="password" label={t('users.password')} extra={t('users.passwordText')}>
              <Input.Password autoComplete="new-password" />
            </Form.Item>
            <Form.Item name="reset" valuePropName="checked">
              <Checkbox>{t('users.reset')}</Checkbox>
            </Form.Item>
          </>
        )}
        <Form.Item name="key" valuePropName="checked">
          <Checkbox>{t('users.withKey')}</Checkbox>
        </Form.Item>
        <Form.Item name="policies" label={t('users.policies')} extra={t('users.policiesText')}>
          <Select
            mode="multiple"
            showSearch={{ optionFilterProp: 'label' }}
            loading={policies.isPending}
            options={policies.data?.List.map((policy) => ({
              value: policy.PolicyId,
              label: policy.PolicyName,
            }))}
          />
        </Form.Item>
      </Form>
      <FailureNote error={error} />
    </Modal>
  );
}
