// The live traffic of one device, both directions, the newest first: each answer beside the time it took, payloads as
// JSON, text and bytes. It can be paused, searched and saved; what could not be shown is counted.
import { useRef, useState } from 'react';

import { useLive, useLiveState } from '../../live';
import {
  Alert,
  Button,
  clockTime,
  CodeBlock,
  count,
  decimal,
  Empty,
  icons,
  Input,
  Segmented,
  Space,
  Status,
  Tag,
  Tooltip,
} from '../../kit';
import { explained } from './codes';
import { useTexts } from './texts';
import { asFile, bytesOf, entryOf, fits, hexOf, prettyOf, withNew, type TrafficEntry } from './traffic';

/** Rows that may wait while it is paused. */
const MOST_WAITING = 500;

export function Traffic({ product, device }: { product: string; device: string }) {
  const t = useTexts();
  const [rows, setRows] = useState<TrafficEntry[]>([]);
  const [lost, setLost] = useState(0);
  const [paused, setPaused] = useState(false);
  const [waiting, setWaiting] = useState(0);
  const [refusal, setRefusal] = useState('');
  const [filter, setFilter] = useState({ direction: '', text: '' });
  const held = useRef<TrafficEntry[]>([]);
  const state = useLiveState((live) => live.state);
  useLive(
    { Kind: 'Device', ProductId: product, DeviceName: device, What: ['Messages', 'Presence', 'Diagnostics'] },
    {
      events: (events, missed) => {
        const added = events.map(entryOf).filter((entry) => entry !== undefined);
        if (missed) setLost((before) => before + missed);
        if (paused) {
          held.current = [...held.current, ...added].slice(-MOST_WAITING);
          setWaiting(held.current.length);
        } else if (added.length > 0) {
          setRows((before) => withNew(before, added));
        }
      },
      ready: () => setRefusal(''),
      refused: (_code, message) => setRefusal(message),
    },
  );
  const goOn = () => {
    const added = held.current;
    held.current = [];
    setWaiting(0);
    setPaused(false);
    setRows((before) => withNew(before, added));
  };
  const shown = rows.filter((row) => fits(row, filter)).reverse();
  return (
    <section className="debugging-traffic" aria-label={t('traffic.title')}>
      <div className="debugging-bar">
        <h2>{t('traffic.title')}</h2>
        <LiveWord state={state} paused={paused} />
        <Space wrap>
          {paused ? (
            <Button size="small" icon={<icons.PlayCircleOutlined />} onClick={goOn}>
              {t('traffic.goOn', { count: waiting })}
            </Button>
          ) : (
            <Button size="small" icon={<icons.PauseCircleOutlined />} onClick={() => setPaused(true)}>
              {t('traffic.pause')}
            </Button>
          )}
          <Button size="small" icon={<icons.DeleteOutlined />} onClick={() => setRows([])}>
            {t('traffic.clear')}
          </Button>
          <Button
            size="small"
            icon={<icons.DownloadOutlined />}
            disabled={rows.length === 0}
            onClick={() => save(rows, `${product}-${device}.jsonl`)}
          >
            {t('traffic.save')}
          </Button>
        </Space>
      </div>
      <div className="debugging-bar">
        <Segmented
          size="small"
          aria-label={t('traffic.direction')}
          value={filter.direction}
          onChange={(direction) => setFilter({ ...filter, direction: String(direction) })}
          options={[
            { value: '', label: t('traffic.both') },
            { value: 'up', label: t('traffic.up') },
            { value: 'down', label: t('traffic.down') },
          ]}
        />
        <Input
          size="small"
          allowClear
          className="debugging-find"
          aria-label={t('traffic.find')}
          placeholder={t('traffic.find')}
          value={filter.text}
          onChange={(event) => setFilter({ ...filter, text: event.target.value })}
        />
        {lost > 0 && <span className="kit-faint">{t('traffic.lost', { number: count(lost) })}</span>}
      </div>
      {refusal && <Alert type="error" showIcon title={refusal} />}
      {shown.length === 0 ? (
        <Empty title={t('traffic.emptyTitle')}>{t('traffic.emptyText')}</Empty>
      ) : (
        <ol className="debugging-rows">
          {shown.map((row) => (
            <TrafficRow key={row.key} row={row} />
          ))}
        </ol>
      )}
    </section>
  );
}

function LiveWord({ state, paused }: { state: string; paused: boolean }) {
  const t = useTexts();
  if (paused) return <Status tone="off">{t('traffic.paused')}</Status>;
  if (state === 'open') return <Status tone="good">{t('traffic.live')}</Status>;
  return <Status tone="busy">{t('traffic.connecting')}</Status>;
}

function TrafficRow({ row }: { row: TrafficEntry }) {
  const t = useTexts();
  const [open, setOpen] = useState(false);
  const [view, setView] = useState('json');
  const title =
    row.kind === 'message'
      ? (row.method ?? row.topic)
      : t(row.kind === 'presence' ? 'traffic.presence' : 'traffic.diagnostic');
  return (
    <li className={`debugging-row debugging-row-${row.direction ?? row.kind}`}>
      <button
        type="button"
        className="debugging-row-head"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <span className="debugging-arrow" aria-hidden="true">
          {row.direction === 'up' ? '↑' : row.direction === 'down' ? '↓' : '·'}
        </span>
        {row.direction && <span className="debugging-direction">{t(`traffic.${row.direction}`)}</span>}
        <time className="kit-code kit-faint">{clockTime(row.at)}</time>
        <span className="debugging-title kit-code">{title}</span>
        <Code row={row} />
        {row.after !== undefined && (
          <span className="kit-faint">{t('traffic.after', { ms: decimal(row.after, 0) })}</span>
        )}
        {row.source && <Tag>{row.source}</Tag>}
        {row.summary && <span className="debugging-summary">{row.summary}</span>}
        <span className="debugging-token kit-code kit-faint">{row.token}</span>
      </button>
      {open && (
        <div className="debugging-payload">
          {row.topic && (
            <div className="kit-code kit-faint">
              {row.topic}
              {row.qos !== undefined && ` · QoS ${row.qos}`}
            </div>
          )}
          <Segmented
            size="small"
            aria-label={t('traffic.payload')}
            value={view}
            onChange={(chosen) => setView(String(chosen))}
            options={[
              { value: 'json', label: t('traffic.decoded') },
              { value: 'raw', label: t('traffic.raw') },
              { value: 'hex', label: t('traffic.hex') },
            ]}
          />
          <CodeBlock text={payloadAs(view, row)} label={t('traffic.payload')} maxHeight={320} />
        </div>
      )}
    </li>
  );
}

function payloadAs(view: string, row: TrafficEntry): string {
  switch (view) {
    case 'hex':
      return hexOf(bytesOf(row));
    case 'raw':
      return row.payload;
    default:
      // Bytes that are no text have no other form that people can read.
      return row.encoding === 'base64' ? hexOf(bytesOf(row)) : prettyOf(row);
  }
}

function Code({ row: { code, status } }: { row: TrafficEntry }) {
  if (code === undefined) return null;
  const words = [explained(code), status].filter(Boolean).join(' ');
  return (
    <Tooltip title={words}>
      <span className="debugging-code">
        <Status tone={code === 0 ? 'good' : 'bad'}>{code}</Status>
        {code !== 0 && <span className="kit-faint"> {words}</span>}
      </span>
    </Tooltip>
  );
}

function save(rows: readonly TrafficEntry[], name: string): void {
  const address = URL.createObjectURL(new Blob([asFile(rows)], { type: 'application/x-ndjson' }));
  const link = Object.assign(document.createElement('a'), { href: address, download: name });
  link.click();
  URL.revokeObjectURL(address);
}
