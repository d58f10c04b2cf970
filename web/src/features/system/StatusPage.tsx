// What the server does now and did during the last hours.
import { useMemo, type ReactNode } from 'react';

import { useChange, useOperation } from '../../api';
import {
  bytes,
  count,
  decimal,
  FailureNote,
  Facts,
  GuardedButton,
  icons,
  Id,
  notice,
  percent,
  perSecond,
  Segmented,
  Time,
  useAddress,
} from '../../kit';
import { Curve } from './Curve';
import { download } from './download';
import { rates } from './series';
import { SystemPage } from './SystemPage';
import { useTexts } from './texts';
import './system.css';

const NAMES = {
  connections: 'yizhan_connections',
  messagesIn: 'yizhan_messages_received_total',
  messagesOut: 'yizhan_messages_sent_total',
  cpu: 'process_cpu_seconds_total',
  memory: 'process_resident_memory_bytes',
  refused: 'yizhan_connections_refused_total',
  free: 'yizhan_journal_free_bytes',
} as const;

type Shown = keyof typeof NAMES;

const MINUTE = 60_000;

export default function StatusPage() {
  const t = useTexts();
  const [{ hours }, setAddress] = useAddress({ hours: 1 });
  const about = useOperation('DescribeAbout', {});
  const history = useOperation(
    'DescribeCounterHistory',
    { Names: Object.values(NAMES), Minutes: Math.min(24, Math.max(1, hours)) * 60, MaxPoints: 240 },
    { every: 30_000, keep: true },
  );
  const bundle = useChange('CreateDiagnosticsUrl');
  const raw = useMemo(() => {
    const times = history.data?.Times ?? [];
    const of = (name: Shown) => ({
      times,
      values: history.data?.Series.find((series) => series.Name === NAMES[name])?.Values ?? [],
    });
    const rate = (name: Shown, perMs: number) => rates(times, of(name).values, perMs);
    return {
      connections: of('connections'),
      memory: of('memory'),
      free: of('free'),
      messagesIn: rate('messagesIn', 1_000),
      messagesOut: rate('messagesOut', 1_000),
      cpu: rate('cpu', 1_000),
      refused: rate('refused', MINUTE),
    };
  }, [history.data]);
  const fetchBundle = async () => {
    try {
      download((await bundle.mutateAsync({})).Url);
      notice.told(t('status.bundleTold'));
    } catch {
      // Shown below by the change itself.
    }
  };
  const curves: [Shown, (value: number) => string][] = [
    ['connections', count],
    ['messagesIn', perSecond],
    ['messagesOut', perSecond],
    ['cpu', percent],
    ['memory', bytes],
    ['refused', (value) => t('status.perMinute', { value: decimal(value, 1) })],
    ['free', bytes],
  ];
  const facts: [string, ReactNode][] = about.data
    ? [
        [t('status.version'), about.data.Version],
        [t('status.running'), <Time key="time" at={about.data.StartedAt} />],
        [t('status.data'), <Id key="data" value={about.data.DataDirectory} />],
      ]
    : [];
  return (
    <SystemPage
      part="status"
      about={t('status.about')}
      actions={
        <GuardedButton
          operation="CreateDiagnosticsUrl"
          icon={<icons.DownloadOutlined />}
          loading={bundle.isPending}
          onClick={() => void fetchBundle()}
        >
          {t('status.bundle')}
        </GuardedButton>
      }
    >
      <FailureNote error={bundle.error ?? about.error} />
      <Facts facts={facts.map(([label, value]) => ({ label, value }))} />
      <Segmented
        aria-label={t('status.range')}
        value={hours}
        onChange={(chosen) => setAddress({ hours: Number(chosen) })}
        options={[1, 6, 24].map((each) => ({ value: each, label: t('status.hours', { count: each }) }))}
        style={{ alignSelf: 'flex-start' }}
      />
      <FailureNote error={history.error} retry={() => void history.refetch()} />
      <div className="system-curves">
        {curves.map(([name, shown]) => (
          <Curve key={name} title={t(`status.${name}`)} shown={shown} {...raw[name]} />
        ))}
      </div>
    </SystemPage>
  );
}
