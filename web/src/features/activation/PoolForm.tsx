// Gives an instance a pool of activation codes.
import { useState } from 'react';

import { useChange } from '../../api';
import { DatePicker, FailureNote, Form, Input, InputNumber, Modal, notice, Select } from '../../kit';
import { DEVICE_KINDS } from './codes';
import { useTexts } from './texts';
import { ABOUT_POOLS } from './useCodes';

const SERVICE = 'service';
/** The largest pool. */
const MOST_CODES = 1_000_000_000;

interface Values {
  kind: string;
  service?: string;
  number: number;
  period?: string;
  ends?: { endOf: (unit: 'day') => { unix: () => number } } | null;
}

export function PoolForm({ instance, onClose }: { instance: string; onClose: () => void }) {
  const t = useTexts();
  const [form] = Form.useForm<Values>();
  const kind = Form.useWatch('kind', form);
  const [error, setError] = useState<unknown>();
  const add = useChange('AddLicensePool', ABOUT_POOLS);
  const save = async (values: Values) => {
    try {
      await add.mutateAsync({
        InstanceId: instance,
        LicenseType: values.kind === SERVICE ? (values.service ?? '') : values.kind,
        TotalNum: values.number,
        Period: values.period || undefined,
        ExpireTime: values.ends ? values.ends.endOf('day').unix() : undefined,
      });
      notice.done(t('pools.added'));
      onClose();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Modal
      open
      title={t('pools.add')}
      okText={t('pools.save')}
      onOk={form.submit}
      onCancel={onClose}
      confirmLoading={add.isPending}
    >
      <p>{t('pools.addText')}</p>
      <Form
        form={form}
        layout="vertical"
        onFinish={(values) => void save(values)}
        initialValues={{ kind: 'normal', number: 1000 }}
      >
        <Form.Item name="kind" label={t('pools.kind')}>
          <Select
            autoFocus
            options={[
              ...DEVICE_KINDS.map((value) => ({ value, label: t(`kind.${value}`) })),
              { value: SERVICE, label: t('pools.service') },
            ]}
          />
        </Form.Item>
        {kind === SERVICE && (
          <Form.Item name="service" label={t('pools.serviceName')} rules={[{ required: true }]}>
            <Input maxLength={32} />
          </Form.Item>
        )}
        <Form.Item name="number" label={t('pools.number')} rules={[{ required: true }]}>
          <InputNumber min={1} max={MOST_CODES} precision={0} style={{ width: '100%' }} />
        </Form.Item>
        <Form.Item name="period" label={t('pools.periodLabel')} extra={t('pools.periodText')}>
          <Input maxLength={32} />
        </Form.Item>
        <Form.Item name="ends" label={t('pools.ends')} extra={t('pools.endsText')}>
          <DatePicker
            style={{ width: '100%' }}
            disabledDate={(day: { valueOf: () => number }) => day.valueOf() < Date.now()}
          />
        </Form.Item>
      </Form>
      <FailureNote error={error} />
    </Modal>
  );
}
