// The five steps of a connection as they happen. Attempts count from the moment on which this was opened, or from ten
// minutes before on the button.
import { useState } from 'react';

import { useOperation, type Answer } from '../../../api';
import { Button, FailureNote, icons, Skeleton, Status, Time, type Tone } from '../../../kit';
import { useTexts } from '../texts';
import { keyOf, type DeviceView } from './device';

type Attempts = Answer<'DescribeConnectAttempts'>;
type Step = Attempts['Steps'][number];

const EVERY_MS = 1_500;
const SLOWLY_MS = 5_000;
const BEFORE_MS = 600_000;

const TONES = { waiting: 'busy', done: 'good', failed: 'bad', skipped: 'plain' } as const satisfies Record<
  string,
  Tone
>;
type StepState = keyof typeof TONES;
const isStepState = (text: string): text is StepState => text in TONES;
const STEPS = ['tcp', 'tls', 'signature', 'connect', 'report'] as const;

export function Checklist({ view }: { view: DeviceView }) {
  const t = useTexts();
  // The server counts from its own clock: a device that is about to connect is watched a little longer than the page.
  const [since, setSince] = useState(() => Date.now() - BEFORE_MS);
  const { data, error } = useOperation(
    'DescribeConnectAttempts',
    { ...keyOf(view), Since: since },
    {
      keep: true,
      every: (answer) => (answer?.Steps.every((step) => step.State !== 'waiting') ? SLOWLY_MS : EVERY_MS),
    },
  );
  if (!data) return error ? <FailureNote error={error} /> : <Skeleton active />;
  return (
    <>
      <div className="devices-checklist-head">
        <h2 className="devices-subtitle">{t('connect.steps')}</h2>
        <Button size="small" icon={<icons.ReloadOutlined />} onClick={() => setSince(data.Now)}>
          {t('connect.fromNow')}
        </Button>
      </div>
      <ol className="devices-checklist" aria-live="polite">
        {data.Steps.map((step) => (
          <StepRow key={step.Step} step={step} />
        ))}
      </ol>
      {data.Attempts.length > 0 && (
        <>
          <h2 className="devices-subtitle">{t('connect.attempts')}</h2>
          <ul className="devices-attempts">
            {data.Attempts.map((attempt, place) => (
              <li key={`${attempt.Time} ${place}`}>
                <Status tone={attempt.Connected ? 'good' : 'bad'}>
                  {attempt.Connected ? t('connect.connected') : (attempt.Text ?? '')}
                </Status>
                <div className="kit-faint">
                  <Time at={attempt.Time} /> · {attempt.Transport.toUpperCase()}
                  {attempt.Address ? ` · ${attempt.Address}` : ''}
                  {attempt.Client === 'unknown' ? ` · ${t('connect.unknown')}` : ''}
                  {attempt.Identity ? ` · ${attempt.Identity}` : ''}
                </div>
              </li>
            ))}
          </ul>
        </>
      )}
      {data.Problems.length > 0 && (
        <>
          <h2 className="devices-subtitle">{t('connect.problems')}</h2>
          <ul className="devices-attempts">
            {data.Problems.map((problem, place) => (
              <li key={`${problem.Time} ${place}`}>
                <Status tone="warn">{problem.Result}</Status>
                <div className="kit-faint">
                  <Time at={problem.Time} /> · <span className="kit-code">{problem.Content}</span>
                </div>
              </li>
            ))}
          </ul>
        </>
      )}
      <FailureNote error={error} />
    </>
  );
}

function StepRow({ step }: { step: Step }) {
  const t = useTexts();
  const state = isStepState(step.State) ? step.State : 'waiting';
  const name = STEPS.find((each) => each === step.Step) ?? 'tcp';
  return (
    <li className={`devices-step devices-step-${state}`}>
      <div className="devices-step-name">
        <Status tone={TONES[state]}>{t(`connect.step.${name}`)}</Status>
        <span className="kit-faint">
          {t(`connect.state.${state}`)}
          {step.Time ? (
            <>
              {' · '}
              <Time at={step.Time} />
            </>
          ) : null}
          {step.Address && state !== 'skipped' ? ` · ${step.Address}` : ''}
        </span>
      </div>
      {step.Text && (
        <div role="alert">
          {step.UnknownClient && <p className="kit-faint">{t('connect.unknownText')}</p>}
          <p>
            <strong>{step.Text}</strong>
          </p>
          {step.Advice && <p>{step.Advice}</p>}
        </div>
      )}
      {state === 'waiting' && <p className="kit-faint">{t(`connect.wait.${name}`)}</p>}
    </li>
  );
}
