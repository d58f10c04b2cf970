// The rows themselves: only those in sight are in the page, each of one height. The newest is at the end. The list
// follows the newest row unless somebody reads: scrolled away from the end, or selected text in it.
import {
  memo,
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
} from 'react';

import { clockTime, exact } from '../Time';
import { gradeOf, summary, type Decoding, type LogRow } from './row';
import { text } from './texts';

const ROW_HEIGHT = 26;
/** On narrow screens a row has two lines. */
const NARROW_ROW_HEIGHT = 46;
/** So near to the end one is at the end. */
const NEAR_PX = 8;

export interface TailListProps {
  rows: readonly LogRow[];
  narrow: boolean;
  decoding: Decoding;
  /** Whether rows name their device. */
  devices: boolean;
  following: boolean;
  /** The reader came to the end, or left it. */
  onReading: (reading: boolean) => void;
  chosen: LogRow | undefined;
  onChoose: (row: LogRow | undefined) => void;
  top: ReactNode;
}

/** Rows drawn beyond each edge of what is in sight. */
const SPARE_ROWS = 8;

export function TailList(props: TailListProps) {
  const { rows, narrow, decoding, devices, following, onReading, chosen, onChoose, top } = props;
  const box = useRef<HTMLDivElement>(null);
  const inner = useRef<HTMLDivElement>(null);
  const id = useId();
  const height = narrow ? NARROW_ROW_HEIGHT : ROW_HEIGHT;
  const [sight, setSight] = useState({ first: 0, count: 40 });
  // All rows are of one height, so that which are in sight is one division, however many there are.
  const from = Math.max(
    0,
    following ? rows.length - sight.count - SPARE_ROWS : Math.min(sight.first, rows.length) - SPARE_ROWS,
  );
  const shown = rows.slice(from, from + sight.count + 2 * SPARE_ROWS);

  // Older rows come in front: what was in sight stays where it was.
  const first = useRef<string>(undefined);
  useLayoutEffect(() => {
    const before = first.current;
    first.current = rows[0]?.Id;
    const element = box.current;
    if (!element) return;
    if (following) {
      element.scrollTop = element.scrollHeight;
    } else if (before !== undefined && before !== rows[0]?.Id) {
      const added = rows.findIndex((row) => row.Id === before);
      if (added > 0) element.scrollTop += added * height;
    }
  }, [rows, following, height]);

  const look = useCallback(() => {
    const element = box.current;
    if (!element) return;
    const selection = document.getSelection();
    const selected =
      selection !== null &&
      !selection.isCollapsed &&
      selection.anchorNode !== null &&
      element.contains(selection.anchorNode);
    const away = element.scrollHeight - element.scrollTop - element.clientHeight > NEAR_PX;
    onReading(selected || away);
    const next = {
      first: Math.floor(Math.max(0, element.scrollTop - (inner.current?.offsetTop ?? 0)) / height),
      count: Math.ceil(element.clientHeight / height) + 1,
    };
    // At the end the newest rows are in sight, whatever the position says.
    setSight((now) => (away ? same(now, next) : same(now, { ...next, first: now.first })));
  }, [onReading, height]);
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    document.addEventListener('selectionchange', look);
    const resized = new ResizeObserver(look);
    resized.observe(element);
    return () => {
      document.removeEventListener('selectionchange', look);
      resized.disconnect();
    };
  }, [look]);

  const at = chosen === undefined ? -1 : rows.findIndex((row) => row.Id === chosen.Id);
  const move = (event: KeyboardEvent) => {
    const target = {
      ArrowDown: at + 1,
      ArrowUp: at < 0 ? rows.length - 1 : at - 1,
      Home: 0,
      End: rows.length - 1,
    }[event.key];
    if (event.key === 'Escape') onChoose(undefined);
    if (target === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(rows.length - 1, target));
    onChoose(rows[next]);
    const element = box.current;
    if (!element) return;
    const place = next * height + (inner.current?.offsetTop ?? 0);
    if (place < element.scrollTop) element.scrollTop = place;
    else if (place + height > element.scrollTop + element.clientHeight)
      element.scrollTop = place + height - element.clientHeight;
  };

  return (
    <div
      ref={box}
      className={`kit-tail-list${narrow ? ' kit-tail-narrow' : ''}`}
      role="listbox"
      tabIndex={0}
      aria-label={text('label')}
      aria-description={text('keys')}
      aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
      onScroll={look}
      onKeyDown={move}
    >
      <div role="presentation">{top}</div>
      <div ref={inner} role="presentation" style={{ height: rows.length * height, position: 'relative' }}>
        {shown.map((row, offset) => {
          const index = from + offset;
          return (
            <div
              key={row.Id}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === at}
              aria-posinset={index + 1}
              aria-setsize={rows.length}
              className={`kit-tail-row kit-tail-${toneOf(row)}`}
              style={{ transform: `translateY(${index * height}px)`, height }}
              onClick={() => document.getSelection()?.isCollapsed !== false && onChoose(row)}
            >
              <RowLine row={row} decoding={decoding} devices={devices} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

type Sight = { first: number; count: number };

function same(now: Sight, next: Sight): Sight {
  return now.first === next.first && now.count === next.count ? now : next;
}

/** Rows do not change: one that stays in sight is not made again. */
const RowLine = memo(function RowLine({
  row,
  decoding,
  devices,
}: {
  row: LogRow;
  decoding: Decoding;
  devices: boolean;
}) {
  return (
    <>
      <time title={exact(row.Time)} dateTime={new Date(row.Time).toISOString()}>
        {clockTime(row.Time)}
      </time>
      <span className="kit-tail-what">{labelOf(row)}</span>
      {devices && <bdi className="kit-tail-device">{row.DeviceName}</bdi>}
      {row.Topic !== undefined && <bdi className="kit-tail-topic">{shortTopic(row)}</bdi>}
      <bdi className="kit-tail-text">{summary(row, decoding)}</bdi>
    </>
  );
});

/** The topic without what every topic of the device ends with. */
function shortTopic(row: LogRow): string {
  const ending = `/${row.ProductId}/${row.DeviceName}`;
  const topic = row.Topic ?? '';
  return topic.endsWith(ending) ? `${topic.slice(0, -ending.length)}/…` : topic;
}

/** What a row is, in a word or two. */
export function labelOf(row: LogRow): string {
  switch (row.What) {
    case 'Message':
      return row.Direction === 'up'
        ? `↑ ${text('up')}${row.Code === undefined || row.Code === 0 ? '' : ` ${row.Code}`}`
        : `↓ ${text('down')}`;
    case 'Presence':
      return row.Event === 'online' ? text('online') : text('offline');
    case 'Command':
      return `${text('what.Command')} ${row.State ?? ''}`;
    case 'Event':
      return `${text('what.Event')} ${row.EventType ?? ''}`;
    case 'DeviceLog':
      return row.Level ?? text('what.DeviceLog');
    case 'Diagnostic':
      return text('what.Diagnostic');
    default:
      return text('what.Value');
  }
}

const bad = new Set(['failed', 'ERROR', 'fault']);
const warn = new Set(['expired', 'WARN', 'alert']);

function toneOf(row: LogRow): string {
  const grade = gradeOf(row) ?? '';
  if (row.What === 'Diagnostic' || bad.has(grade) || (row.Code !== undefined && row.Code !== 0)) return 'bad';
  if (warn.has(grade) || row.Event === 'offline') return 'warn';
  if (row.What === 'Presence') return 'good';
  if (row.What === 'Message') return row.Direction === 'up' ? 'up' : 'down';
  return 'plain';
}
