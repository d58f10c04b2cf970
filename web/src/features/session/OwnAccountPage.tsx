// One's own account: password, second factor, sessions.
import { useState } from 'react';

import { loadSession, useChange, useOperation, useSession, type Answer } from '../../api';
import {
  Button,
  Card,
  Empty,
  Facts,
  FailureNote,
  Form,
  GuardedButton,
  Id,
  Input,
  notice,
  Page,
  ResourceTable,
  Status,
  Time,
  type Column,
} from '../../kit';
import { newPasswordRules, repeatRules } from './rules';
import { SecondFactor } from './SecondFactor';
import './session.css';
import { useTexts } from './texts';

export default function OwnAccountPage() {
  const t = useTexts();
  const { account, answer } = useSession();
  const seconds = (member: string) => Number(answer?.[member] ?? 0) * 1_000;
  return (
    <Page title={t('own')} about={t('ownAbout')}>
      <Facts
        facts={[
          { label: t('facts.account'), value: <bdi>{account?.Name}</bdi> },
          { label: t('facts.number'), value: <Id value={String(account?.Uin ?? '')} /> },
          { label: t('facts.set'), value: <Time at={seconds('PasswordSetTime')} /> },
          { label: t('facts.ends'), value: <Time at={seconds('EndTime')} /> },
        ]}
      />
      <Card size="small" title={t('change.title')}>
        <ChangePassword />
      </Card>
      <SecondFactor />
      <Sessions />
    </Page>
  );
}

interface Passwords {
  Old: string;
  New: string;
}

export function ChangePassword() {
  const t = useTexts();
  const [form] = Form.useForm<Passwords>();
  const [error, setError] = useState<unknown>();
  const change = useChange('ChangePassword', ['ListSessions']);
  const save = async ({ Old, New }: Passwords) => {
    setError(undefined);
    try {
      await change.mutateAsync({ OldPassword: Old, NewPassword: New });
      form.resetFields();
      notice.done(t('change.done'));
      await loadSession();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Form
      form={form}
      layout="vertical"
      requiredMark={false}
      className="session-form"
      onFinish={(values) => void save(values)}
    >
      <Form.Item name="Old" label={t('change.old')} rules={[{ required: true }]}>
        <Input.Password autoComplete="current-password" />
      </Form.Item>
      <Form.Item name="New" label={t('change.new')} extra={t('rules')} rules={newPasswordRules()}>
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Form.Item
        name="Repeat"
        label={t('repeat')}
        dependencies={['New']}
        rules={repeatRules('New', t('differs'))}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <FailureNote error={error} />
      <Button type="primary" htmlType="submit" loading={change.isPending}>
        {t('change.save')}
      </Button>
    </Form>
  );
}

type Session = Answer<'ListSessions'>['Sessions'][number];

function Sessions() {
  const t = useTexts();
  const list = useOperation('ListSessions', {});
  const end = useChange('EndSession', ['ListSessions']);
  const finish = async (SessionId?: string) => {
    try {
      await end.mutateAsync({ SessionId });
      notice.done(t('sessions.ended'));
    } catch (failure) {
      notice.failed(String(failure instanceof Error ? failure.message : failure));
    }
  };
  const columns: Column<Session>[] = [
    {
      key: 'agent',
      title: t('sessions.browser'),
      fixed: true,
      render: (session) => (
        <>
          <bdi className="session-agent">{session.Agent || session.SessionId}</bdi>{' '}
          {session.Current && <Status tone="good">{t('sessions.current')}</Status>}
        </>
      ),
    },
    { key: 'address', title: t('sessions.address'), render: (session) => session.Address },
    {
      key: 'began',
      title: t('sessions.began'),
      extra: true,
      render: (session) => <Time at={session.CreateTime * 1_000} />,
    },
    {
      key: 'used',
      title: t('sessions.used'),
      render: (session) => <Time at={session.LastUsedTime * 1_000} />,
    },
    {
      key: 'actions',
      title: t('sessions.actions'),
      fixed: true,
      render: (session) =>
        !session.Current && (
          <GuardedButton operation="EndSession" size="small" onClick={() => void finish(session.SessionId)}>
            {t('sessions.end')}
          </GuardedButton>
        ),
    },
  ];
  const others = (
    <GuardedButton
      operation="EndSession"
      size="small"
      disabled={(list.data?.Sessions.length ?? 0) < 2}
      onClick={() => void finish()}
    >
      {t('sessions.others')}
    </GuardedButton>
  );
  return (
    <Card size="small" title={t('sessions.title')} extra={others}>
      <ResourceTable
        id="own-sessions"
        label={t('sessions.title')}
        columns={columns}
        rows={list.data?.Sessions}
        rowKey={(session) => session.SessionId}
        loading={list.isPending}
        error={list.error}
        refresh={() => void list.refetch()}
        empty={<Empty title={t('sessions.none')} />}
      />
    </Card>
  );
}
