// The way in: signing in, and at the first start setting the first password.
import { useState } from 'react';

import { send, takeSession } from '../../api';
import { Button, FailureNote, Form, Input } from '../../kit';
import { useTexts } from './texts';

export default function WayIn({ firstStart }: { firstStart: boolean }) {
  const t = useTexts();
  const [error, setError] = useState<unknown>();
  const enter = async (values: { Name: string; Password: string }) => {
    try {
      takeSession(await send('POST', '/api/session', values));
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <main className="app-waiting">
      <Form layout="vertical" onFinish={(values) => void enter(values)} style={{ width: 320 }}>
        <h1>{firstStart ? t('first') : t('title')}</h1>
        <Form.Item name="Name" label={t('name')} rules={[{ required: true }]}>
          <Input autoComplete="username" autoFocus />
        </Form.Item>
        <Form.Item name="Password" label={t('password')} rules={[{ required: true }]}>
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <FailureNote error={error} />
        <Button type="primary" htmlType="submit" block>
          {t('enter')}
        </Button>
      </Form>
    </main>
  );
}
