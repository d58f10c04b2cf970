// Accounts at push services, as the operations have them. Only what was changed is sent.
import { useState } from 'react';

import { useChange, type Request } from '../../api';
import { Card, FailureNote, Form, GuardedButton, Input, notice, Select } from '../../kit';
import { changed } from './binding';
import type { Application } from './Keys';
import { useTexts } from './texts';

const members = [
  'PushSecretID',
  'PushSecretKey',
  'PushEnvironment',
  'TPNSAndroidAccessID',
  'TPNSAndroidSecretKey',
  'TPNSAndroidRegion',
  'TPNSiOSAccessID',
  'TPNSiOSSecretKey',
  'TPNSiOSRegion',
  'TPNSiOSPushEnvironment',
] as const;
type Member = (typeof members)[number];
type Values = Record<Member, string>;

const regions = ['guangzhou', 'shanghai', 'hongkong', 'singapore'] as const;

export function PushServices({ application }: { application: Application }) {
  const t = useTexts();
  const [form] = Form.useForm<Values>();
  const [error, setError] = useState<unknown>();
  const modify = useChange('ModifyApplication', ['DescribeApplication']);
  const before = Object.fromEntries(members.map((name) => [name, application[name]])) as Values;
  const save = async (values: Values) => {
    setError(undefined);
    const changes: Partial<Request<'ModifyApplication'>> = changed(before, values);
    if (Object.keys(changes).length === 0) {
      notice.told(t('push.nothing'));
      return;
    }
    try {
      await modify.mutateAsync({ IotAppID: application.IotAppID, ...changes });
      notice.done(t('saved'));
    } catch (failure) {
      setError(failure);
    }
  };
  const line = (name: Member, label: string) => (
    <Form.Item name={name} label={label}>
      <Input autoComplete="off" maxLength={256} />
    </Form.Item>
  );
  const secret = (name: Member) => (
    <Form.Item name={name} label={t('push.secret')}>
      <Input.Password autoComplete="new-password" maxLength={256} />
    </Form.Item>
  );
  const environment = (name: Member) => (
    <Form.Item name={name} label={t('push.environment')}>
      <Select
        allowClear
        options={(['dev', 'product'] as const).map((value) => ({ value, label: t(`push.${value}`) }))}
      />
    </Form.Item>
  );
  const region = (name: Member) => (
    <Form.Item name={name} label={t('push.region')}>
      <Select
        allowClear
        options={regions.map((each) => ({ value: `ap-${each}`, label: t(`push.${each}`) }))}
      />
    </Form.Item>
  );
  // An empty choice shows as nothing chosen.
  const shown = Object.fromEntries(Object.entries(before).map(([name, value]) => [name, value || undefined]));
  return (
    <Form
      form={form}
      layout="vertical"
      initialValues={shown}
      onFinish={(values) => void save(values)}
      className="kit-stack"
    >
      <p className="kit-faint">{t('push.about')}</p>
      <div className="applications-columns">
        <Card size="small" title={t('push.android')}>
          {line('TPNSAndroidAccessID', t('push.id'))}
          {secret('TPNSAndroidSecretKey')}
          {region('TPNSAndroidRegion')}
        </Card>
        <Card size="small" title={t('push.ios')}>
          {line('TPNSiOSAccessID', t('push.id'))}
          {secret('TPNSiOSSecretKey')}
          {region('TPNSiOSRegion')}
          {environment('TPNSiOSPushEnvironment')}
        </Card>
        <Card size="small" title={t('push.xinge')}>
          {line('PushSecretID', t('push.secretId'))}
          {secret('PushSecretKey')}
          {environment('PushEnvironment')}
        </Card>
      </div>
      <FailureNote error={error} />
      <div>
        <GuardedButton
          operation="ModifyApplication"
          type="primary"
          htmlType="submit"
          loading={modify.isPending}
        >
          {t('save')}
        </GuardedButton>
      </div>
    </Form>
  );
}
