// Adds a topic to a product or changes one.
import { useState } from 'react';

import { useChange } from '../../../api';
import { FailureNote, Form, Input, Modal, notice, Radio } from '../../../kit';
import type { Product } from '../choices';
import { faultOf } from './systemTopics';
import type { Topic } from './TopicsTab';
import { useTexts } from './texts';

const PRIVILEGES = [
  [1, 'publish'],
  [2, 'subscribe'],
  [3, 'both'],
] as const;

interface Values {
  suffix: string;
  privilege: number;
}

export function TopicForm({
  product,
  edited,
  onClose,
}: {
  product: Product;
  edited: Topic | 'new';
  onClose: () => void;
}) {
  const t = useTexts();
  const [form] = Form.useForm<Values>();
  const [error, setError] = useState<unknown>();
  const create = useChange('CreateTopicPolicy', ['ListTopicPolicy']);
  const modify = useChange('ModifyTopicPolicy', ['ListTopicPolicy']);
  const beginning = `${product.ProductId}/\${deviceName}/`;
  const save = async ({ suffix, privilege }: Values) => {
    const request = { ProductId: product.ProductId, Privilege: privilege };
    const name = beginning + suffix.trim();
    try {
      if (edited === 'new') await create.mutateAsync({ ...request, TopicName: name });
      else await modify.mutateAsync({ ...request, TopicName: edited.TopicName, NewTopicName: name });
      notice.done(t('saved'));
      onClose();
    } catch (failure) {
      setError(failure);
    }
  };
  const initial =
    edited === 'new'
      ? { suffix: '', privilege: 3 }
      : { suffix: edited.TopicName.slice(beginning.length), privilege: edited.Privilege };
  return (
    <Modal
      open
      title={edited === 'new' ? t('create') : t('edit')}
      okText={t('save')}
      cancelText={t('cancel')}
      onOk={form.submit}
      onCancel={onClose}
      confirmLoading={create.isPending || modify.isPending}
    >
      <Form form={form} layout="vertical" onFinish={(values) => void save(values)} initialValues={initial}>
        <Form.Item
          name="suffix"
          label={t('topic')}
          extra={t('suffixText')}
          rules={[
            {
              validator: (_, value: string) => {
                const fault = faultOf(value.trim());
                return fault ? Promise.reject(new Error(t(`fault.${fault}`))) : Promise.resolve();
              },
            },
          ]}
        >
          <Input prefix={<span className="kit-code kit-faint">{beginning}</span>} maxLength={128} autoFocus />
        </Form.Item>
        <Form.Item name="privilege" label={t('rights')}>
          <Radio.Group className="products-choices">
            {PRIVILEGES.map(([value, right]) => (
              <Radio key={value} value={value} className="products-choice">
                <b>{t(`right.${right}`)}</b>
                <br />
                <span className="kit-faint">{t(`rightText.${right}`)}</span>
              </Radio>
            ))}
          </Radio.Group>
        </Form.Item>
      </Form>
      <FailureNote error={error} />
    </Modal>
  );
}
