// Who is not signed in sees the way in and nothing else; who signs in stays at the address that was asked for.
import { Button, Result, Spin } from 'antd';
import { lazy, Suspense, useEffect, type ReactNode } from 'react';

import { loadSession, useSession } from '../api';
import { useTexts } from './texts';

const WayIn = lazy(() => import('../features/session/WayIn'));
const MustChange = lazy(() => import('../features/session/MustChange'));

const RETRY_MS = 3_000;

export function Gate({ children }: { children: ReactNode }) {
  const state = useSession((session) => session.state);
  const mustChange = useSession((session) => session.answer?.MustChangePassword === true);
  useEffect(() => void loadSession(), []);
  useEffect(() => {
    if (state !== 'unreachable') return undefined;
    const timer = setInterval(() => void loadSession(), RETRY_MS);
    return () => clearInterval(timer);
  }, [state]);
  switch (state) {
    case 'unknown':
      return <Waiting />;
    case 'unreachable':
      return <Unreachable />;
    case 'in':
      return mustChange ? (
        <Suspense fallback={<Waiting />}>
          <MustChange />
        </Suspense>
      ) : (
        children
      );
    case 'setup':
    case 'out':
      return (
        <Suspense fallback={<Waiting />}>
          <WayIn firstStart={state === 'setup'} />
        </Suspense>
      );
  }
}

function Waiting() {
  return (
    <div className="app-waiting">
      <Spin size="large" />
    </div>
  );
}

function Unreachable() {
  const t = useTexts();
  return (
    <main className="app-waiting">
      <Result
        status="warning"
        title={t('unreachable.title')}
        subTitle={t('unreachable.text')}
        extra={
          <Button type="primary" onClick={() => void loadSession()}>
            {t('unreachable.retry')}
          </Button>
        }
      />
    </main>
  );
}
