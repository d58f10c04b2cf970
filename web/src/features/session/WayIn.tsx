// The way in: signing in, with a code where the account wants one, and at the first start setting the first password.
import { useEffect, useState } from 'react';

import { ApiFailure, send, takeSession } from '../../api';
import { Alert, Button, FailureNote, Form, Input } from '../../kit';
import { newPasswordRules, repeatRules } from './rules';
import './session.css';
import { useTexts } from './texts';

const CODE_NEEDED = 'AuthFailure.CodeNeeded';
const LOCKED_OUT = 'RequestLimitExceeded.LockedOut';

export default function WayIn({ firstStart }: { firstStart: boolean }) {
  const t = useTexts();
  return (
    <main className="session-way-in">
      <div className="session-card">
        <p className="session-brand">
          <img src="/icon.svg" alt="" width={32} height={32} /> {t('brand')}
        </p>
        <h1>{firstStart ? t('first') : t('title')}</h1>
        {firstStart ? <FirstPassword /> : <SignIn />}
      </div>
    </main>
  );
}

interface Login {
  Name: string;
  Password: string;
  Code?: string;
}

function SignIn() {
  const t = useTexts();
  const [error, setError] = useState<unknown>();
  const [codeNeeded, setCodeNeeded] = useState(false);
  const [busy, setBusy] = useState(false);
  const [wait, setWait] = useWait();
  const enter = async (values: Login) => {
    setBusy(true);
    setError(undefined);
    try {
      takeSession(await send('POST', '/api/session', values));
    } catch (failure) {
      const code = failure instanceof ApiFailure ? failure.code : '';
      if (code === CODE_NEEDED) setCodeNeeded(true);
      else setError(failure);
      if (failure instanceof ApiFailure && code === LOCKED_OUT) {
        setWait(Number(failure.details.RetryAfterSeconds ?? 1));
      }
    } finally {
      setBusy(false);
    }
  };
  return (
    <Form layout="vertical" requiredMark={false} onFinish={(values: Login) => void enter(values)}>
      <Form.Item name="Name" label={t('name')} tooltip={t('nameHint')} rules={[{ required: true }]}>
        <Input autoComplete="username" autoCapitalize="none" spellCheck={false} autoFocus />
      </Form.Item>
      <Form.Item name="Password" label={t('password')} rules={[{ required: true }]}>
        <Input.Password autoComplete="current-password" />
      </Form.Item>
      {codeNeeded && (
        <Form.Item name="Code" label={t('code')} extra={t('codeText')} rules={[{ required: true }]}>
          <Input autoComplete="one-time-code" autoFocus spellCheck={false} />
        </Form.Item>
      )}
      {wait > 0 ? (
        <Alert type="warning" role="alert" title={t('wait', { seconds: wait })} className="session-note" />
      ) : (
        <FailureNote error={error} />
      )}
      <Button type="primary" htmlType="submit" block loading={busy} disabled={wait > 0}>
        {t('enter')}
      </Button>
      <p className="kit-faint session-hint">{t('lost')}</p>
    </Form>
  );
}

/** Counts seconds down. */
function useWait(): [number, (seconds: number) => void] {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (left <= 0) return undefined;
    const timer = setTimeout(() => setLeft(left - 1), 1_000);
    return () => clearTimeout(timer);
  }, [left]);
  return [left, setLeft];
}

interface First {
  SetupCode: string;
  Password: string;
}

function FirstPassword() {
  const t = useTexts();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  // The printed link carries the code behind `#`, which browsers send to nobody.
  const code = location.pathname === '/setup' ? decodeURIComponent(location.hash.slice(1)) : '';
  const begin = async ({ SetupCode, Password }: First) => {
    setBusy(true);
    try {
      const answer = await send<Parameters<typeof takeSession>[0]>('POST', '/api/session/setup', {
        SetupCode,
        Password,
      });
      if (location.pathname === '/setup') history.replaceState(null, '', '/');
      takeSession(answer);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Form
      layout="vertical"
      requiredMark={false}
      onFinish={(values: First) => void begin(values)}
      initialValues={{ SetupCode: code }}
    >
      <p>{t('firstText')}</p>
      <input type="text" name="username" autoComplete="username" value="root" readOnly hidden />
      <Form.Item
        name="SetupCode"
        label={t('setupCode')}
        extra={code ? undefined : t('setupText')}
        rules={[{ required: true }]}
      >
        <Input autoComplete="off" spellCheck={false} autoFocus={!code} />
      </Form.Item>
      <Form.Item name="Password" label={t('password')} extra={t('rules')} rules={newPasswordRules()}>
        <Input.Password autoComplete="new-password" autoFocus={code !== ''} />
      </Form.Item>
      <Form.Item
        name="Repeat"
        label={t('repeat')}
        dependencies={['Password']}
        rules={repeatRules('Password', t('differs'))}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <FailureNote error={error} />
      <Button type="primary" htmlType="submit" block loading={busy}>
        {t('begin')}
      </Button>
    </Form>
  );
}
