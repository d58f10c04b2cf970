// What flows between a device and the platform, as rows that people can read: live events made into entries, answers put
// beside the messages that they answer, by clientToken, with the time between.
import type { LiveEvent } from '../../live';

/** A row of the traffic. */
export interface TrafficEntry {
  key: number;
  at: number;
  kind: 'message' | 'presence' | 'diagnostic';
  direction?: 'up' | 'down';
  topic: string;
  qos?: number;
  payload: string;
  encoding: 'text' | 'base64';
  /** Who sent it, where that is neither the device nor the platform itself. */
  source: string;
  /** Of what is no message: what happened, in a few words. */
  summary: string;
  /** Of messages of the thing protocol. The code of a message from the device that has none itself is the platform's answer. */
  method?: string;
  token?: string;
  code?: number;
  status?: string;
  /** Milliseconds since the message with the same token in the other direction. */
  after?: number;
  /** Whether the answer to it was seen. */
  answered?: boolean;
}

/** Rows that are kept; the oldest go first. */
export const MOST_ROWS = 500;

const word = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);

/** Members of an event that a row shows by itself. */
const NAMED = ['Id', 'Seq', 'Time', 'What', 'ProductId', 'DeviceName'];
/** Members that say in short what happened. */
const SUMMED = ['Event', 'Reason', 'Result', 'Detail', 'Address'];

let nextKey = 1;

/** A live event as a row; nothing for events that are no traffic. */
export function entryOf(event: LiveEvent): TrafficEntry | undefined {
  const base = {
    key: nextKey++,
    at: event.Time,
    topic: '',
    payload: '',
    encoding: 'text' as const,
    source: '',
    summary: '',
  };
  switch (event.What) {
    case 'Message': {
      const payload = word(event.Payload);
      const encoding = event.Encoding === 'base64' ? 'base64' : 'text';
      const inside = encoding === 'text' ? envelope(payload) : {};
      return {
        ...base,
        ...inside,
        code: inside.code ?? (typeof event.Code === 'number' ? event.Code : undefined),
        kind: 'message',
        direction: String(event.Direction).toLowerCase() === 'down' ? 'down' : 'up',
        topic: word(event.Topic),
        qos: typeof event.QoS === 'number' ? event.QoS : undefined,
        payload,
        encoding,
        source: word(event.Source),
      };
    }
    case 'Presence':
    case 'Diagnostic': {
      const rest = Object.entries(event).filter(([name]) => !NAMED.includes(name));
      return {
        ...base,
        kind: event.What === 'Presence' ? 'presence' : 'diagnostic',
        payload: JSON.stringify(Object.fromEntries(rest)),
        summary: SUMMED.map((name) => word(event[name]))
          .filter(Boolean)
          .join(' · '),
      };
    }
    default:
      return undefined;
  }
}

/** The members that all messages of the thing protocol have. */
function envelope(payload: string): Pick<TrafficEntry, 'method' | 'token' | 'code' | 'status'> {
  try {
    const read = JSON.parse(payload) as Record<string, unknown>;
    const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
    return {
      method: text(read.method),
      token: text(read.clientToken),
      code: typeof read.code === 'number' ? read.code : undefined,
      status: text(read.status),
    };
  } catch {
    return {};
  }
}

/** The rows with new ones behind them; each answer knows how long it took, each question that it was answered. */
export function withNew(rows: readonly TrafficEntry[], added: readonly TrafficEntry[]): TrafficEntry[] {
  const all = [...rows];
  for (const entry of added) {
    const partner = entry.token
      ? all.findLastIndex(({ token, direction }) => token === entry.token && direction !== entry.direction)
      : -1;
    const asked = all[partner];
    if (!asked) {
      all.push(entry);
      continue;
    }
    all[partner] = { ...asked, answered: true };
    all.push({ ...entry, after: Math.max(0, entry.at - asked.at) });
  }
  return all.slice(-MOST_ROWS);
}

export interface TrafficFilter {
  direction: string;
  text: string;
}

/** Whether a row is shown. */
export function fits(entry: TrafficEntry, { direction, text }: TrafficFilter): boolean {
  if (direction && entry.direction !== direction) return false;
  const wanted = text.trim().toLowerCase();
  if (!wanted) return true;
  const where = [entry.topic, entry.payload, entry.method, entry.token, entry.source, entry.summary];
  return where.some((each) => each?.toLowerCase().includes(wanted));
}

/** The payload's bytes. */
export function bytesOf({ payload, encoding }: TrafficEntry): Uint8Array {
  if (encoding === 'text') return new TextEncoder().encode(payload);
  return Uint8Array.from(atob(payload), (letter) => letter.codePointAt(0) ?? 0);
}

/** Lines of sixteen bytes: place, bytes, letters. */
export function hexOf(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let place = 0; place < bytes.length; place += 16) {
    const part = [...bytes.slice(place, place + 16)];
    const digits = part.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const letters = part
      .map((byte) => (byte >= 32 && byte < 127 ? String.fromCodePoint(byte) : '.'))
      .join('');
    lines.push(`${place.toString(16).padStart(4, '0')}  ${digits.padEnd(47)}  ${letters}`);
  }
  return lines.join('\n');
}

/** JSON with its lines broken; other text as it is. */
export function prettyOf({ payload }: TrafficEntry): string {
  try {
    return JSON.stringify(JSON.parse(payload), undefined, 2);
  } catch {
    return payload;
  }
}

/** The rows as a file, one JSON object a line. */
export function asFile(rows: readonly TrafficEntry[]): string {
  return rows.map((row) => `${JSON.stringify({ ...row, key: undefined })}\n`).join('');
}
