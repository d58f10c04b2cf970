// Events that the device posted, by kind and identifier, the newest first.
import { useState } from 'react';

import { useOperation, type Answer } from '../../../api';
import {
  Button,
  CodeBlock,
  Empty,
  ResourceTable,
  Segmented,
  Select,
  Status,
  Time,
  type Tone,
} from '../../../kit';
import { useLive } from '../../../live';
import { useTexts } from '../texts';
import { keyOf, type DeviceView } from './device';

type Event = Answer<'ListEventHistory'>['EventHistory'][number];

const KINDS = { info: 'plain', alert: 'warn', fault: 'bad' } as const satisfies Record<string, Tone>;
type Kind = keyof typeof KINDS;
const isKind = (text: string): text is Kind => text in KINDS;
const SIZE = 50;

export default function EventsTab({ view }: { view: DeviceView }) {
  const t = useTexts();
  const [kind, setKind] = useState('');
  const [event, setEvent] = useState('');
  // Where each page that was gone through began.
  const [contexts, setContexts] = useState<string[]>(['']);
  const context = contexts.at(-1) ?? '';
  const { data, error, isPending, refetch } = useOperation(
    'ListEventHistory',
    { ...keyOf(view), Type: kind, EventId: event, Size: SIZE, Context: context || undefined },
    { keep: true, every: context ? undefined : 10_000 },
  );
  useLive(
    { Kind: 'Device', ...keyOf(view), What: ['Values'] },
    { events: () => void refetch({ cancelRefetch: false }) },
  );
  const nameOf = (id: string) => view.model?.events.find((each) => each.id === id)?.name ?? id;
  const begin = (change: () => void) => {
    setContexts(['']);
    change();
  };
  return (
    <>
      <ResourceTable<Event>
        id="device-events"
        label={t('tab.events')}
        rows={data?.EventHistory}
        rowKey={(row) => `${row.TimeStamp} ${row.EventId} ${row.Data}`}
        loading={isPending}
        error={error}
        refresh={() => void refetch()}
        filters={
          <>
            <Segmented
              aria-label={t('events.kind')}
              value={kind}
              onChange={(next) => begin(() => setKind(String(next)))}
              options={[
                { value: '', label: t('events.all') },
                ...(Object.keys(KINDS) as Kind[]).map((each) => ({
                  value: each,
                  label: t(`events.${each}`),
                })),
              ]}
            />
            <Select
              aria-label={t('events.event')}
              value={event}
              onChange={(next) => begin(() => setEvent(next))}
              options={[
                { value: '', label: t('events.every') },
                ...(view.model?.events ?? []).map(({ id, name }) => ({
                  value: id,
                  label: `${name} (${id})`,
                })),
              ]}
              style={{ minWidth: 180 }}
            />
          </>
        }
        columns={[
          {
            key: 'time',
            title: t('commands.time'),
            fixed: true,
            render: (row) => <Time at={row.TimeStamp} />,
          },
          {
            key: 'kind',
            title: t('events.kind'),
            fixed: true,
            render: ({ Type }) =>
              isKind(Type) ? <Status tone={KINDS[Type]}>{t(`events.${Type}`)}</Status> : Type,
          },
          {
            key: 'event',
            title: t('events.event'),
            fixed: true,
            render: (row) => (
              <>
                <bdi>{nameOf(row.EventId)}</bdi> <code className="kit-code kit-faint">{row.EventId}</code>
              </>
            ),
          },
          {
            key: 'data',
            title: t('events.params'),
            fixed: true,
            render: (row) => <span className="kit-code devices-payload">{row.Data}</span>,
          },
        ]}
        expanded={(row) => <CodeBlock text={row.Data} label={t('events.params')} />}
        empty={<Empty title={t('events.none')}>{t('events.noneText')}</Empty>}
      />
      <div className="devices-send">
        <Button disabled={contexts.length === 1} onClick={() => setContexts(contexts.slice(0, -1))}>
          {t('events.newer')}
        </Button>
        <Button
          disabled={!data || data.Listover || data.Context === ''}
          onClick={() => data && setContexts([...contexts, data.Context])}
        >
          {t('events.older')}
        </Button>
      </div>
    </>
  );
}
