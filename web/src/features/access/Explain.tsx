// "May this one do that, and why": the answer of the same rules that decide.
import { useState } from 'react';

import { useChange, useOperation, useSession, type Answer } from '../../api';
import { Alert, AutoComplete, Button, Card, Facts, FailureNote, Form, Input, Select } from '../../kit';
import { useTexts } from './texts';

interface Values {
  who: number;
  operation: string;
  product?: string;
  device?: string;
  resource?: string;
}

export function Explain() {
  const t = useTexts();
  const account = useSession((session) => session.account);
  const operations = useSession((session) => session.operations);
  const users = useOperation('ListUsers', {});
  const ask = useChange('ExplainAccess');
  const [answer, setAnswer] = useState<Answer<'ExplainAccess'>>();
  const [error, setError] = useState<unknown>();
  const explain = async (values: Values) => {
    setError(undefined);
    setAnswer(undefined);
    try {
      setAnswer(
        await ask.mutateAsync({
          TargetUin: values.who,
          Operation: values.operation,
          ProductId: values.product || undefined,
          DeviceName: values.device || undefined,
          Resource: values.resource || undefined,
        }),
      );
    } catch (failure) {
      setError(failure);
    }
  };
  const people = [
    { value: Number(account?.Uin ?? 0), label: account?.Name ?? '' },
    ...(users.data?.Data ?? []).map((user) => ({ value: user.Uin, label: user.Name })),
  ];
  return (
    <Card size="small">
      <p className="kit-faint">{t('explain.text')}</p>
      <Form
        layout="vertical"
        className="access-form-row"
        onFinish={(values: Values) => void explain(values)}
        initialValues={{ who: people[0]?.value, operation: 'DescribeDevice' }}
      >
        <Form.Item name="who" label={t('explain.who')}>
          <Select showSearch={{ optionFilterProp: 'label' }} options={people} />
        </Form.Item>
        <Form.Item name="operation" label={t('explain.operation')} rules={[{ required: true }]}>
          <AutoComplete
            options={[...operations].sort().map((value) => ({ value }))}
            showSearch={{ filterOption: (typed, option) => matches(typed, option?.value) }}
          />
        </Form.Item>
        <Form.Item name="product" label={t('explain.product')}>
          <Input maxLength={64} />
        </Form.Item>
        <Form.Item name="device" label={t('explain.device')}>
          <Input maxLength={64} />
        </Form.Item>
        <Form.Item name="resource" label={t('explain.resource')}>
          <Input placeholder="qcs::iotexplorer:gz:uin/…" maxLength={512} />
        </Form.Item>
        <Form.Item>
          <Button type="primary" htmlType="submit" loading={ask.isPending}>
            {t('explain.ask')}
          </Button>
        </Form.Item>
      </Form>
      <FailureNote error={error} />
      {answer && (
        <div className="access-once" aria-live="polite">
          <Alert
            type={answer.Allowed ? 'success' : 'error'}
            title={answer.Allowed ? t('explain.allowed') : t('explain.refused')}
            description={answer.Explanation}
            showIcon
          />
          <Facts
            facts={[
              { label: t('explain.resource'), value: <code>{answer.Resource}</code>, wide: true },
              answer.PolicyName !== undefined &&
                answer.PolicyName !== null && {
                  label: t('explain.policy'),
                  value: <bdi>{answer.PolicyName}</bdi>,
                },
            ]}
          />
        </div>
      )}
    </Card>
  );
}

const matches = (typed: string, value: unknown) => String(value).toLowerCase().includes(typed.toLowerCase());
