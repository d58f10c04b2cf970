// One row of any log as the server gives it, live and out of the past, and what is said about it in one line.
import type { LiveEvent } from '../../live';
import { text } from './texts';

/** A row. Which members there are depends on `What`. */
export interface LogRow extends LiveEvent {
  Id: string;
  Seq: string;
  Time: number;
  What: string;
  ProductId: string;
  DeviceName: string;
  Direction?: string;
  Topic?: string;
  QoS?: number;
  Payload?: string;
  Encoding?: string;
  Source?: string;
  Code?: number;
  Values?: Record<string, unknown>;
  Event?: string;
  EventType?: string;
  DeviceTime?: number;
  Params?: string;
  Address?: string;
  Transport?: string;
  MqttVersion?: string;
  KeepAlive?: number;
  Reason?: string;
  Detail?: string;
  Result?: string;
  CommandId?: string;
  ActionId?: string;
  ClientToken?: string;
  State?: string;
  Status?: string;
  Response?: string;
  Level?: string;
  Text?: string;
}

/** How payloads are shown. */
export type Decoding = 'raw' | 'json' | 'hex';

/** The kinds of rows by the names with which they are asked for. */
export const kinds = [
  'Messages',
  'Values',
  'Presence',
  'Diagnostics',
  'Commands',
  'Events',
  'DeviceLogs',
] as const;
export type Kind = (typeof kinds)[number];

const kindOf: Record<string, Kind> = {
  Message: 'Messages',
  Value: 'Values',
  Presence: 'Presence',
  Diagnostic: 'Diagnostics',
  Command: 'Commands',
  Event: 'Events',
  DeviceLog: 'DeviceLogs',
};

/** Which rows are wanted; the same words are given to the server for the past. */
export interface TailFilter {
  what: readonly Kind[];
  text: string;
  topic: string;
  direction: '' | 'up' | 'down';
  grades: readonly string[];
}

export const everything: TailFilter = { what: [], text: '', topic: '', direction: '', grades: [] };

/** The state of a command, the level of a line or the kind of an event. */
export function gradeOf(row: LogRow): string | undefined {
  return row.State ?? row.Level ?? row.EventType;
}

/** Whether a row is wanted, by the server's own rules. */
export function fits(row: LogRow, filter: TailFilter): boolean {
  const kind = kindOf[row.What];
  if (filter.what.length > 0 && (kind === undefined || !filter.what.includes(kind))) return false;
  if (filter.direction !== '' && row.Direction !== filter.direction) return false;
  if (filter.topic !== '' && !row.Topic?.toLowerCase().includes(filter.topic.toLowerCase())) return false;
  if (filter.grades.length > 0 && !filter.grades.includes(gradeOf(row) ?? '')) return false;
  return filter.text === '' || hasText(row, filter.text.toLowerCase());
}

function hasText(row: LogRow, part: string): boolean {
  const texts = [
    row.DeviceName,
    row.Topic,
    row.Payload,
    row.Event,
    row.Params,
    row.Address,
    row.Detail,
    row.Result,
    row.ClientToken,
    row.ActionId,
    row.Status,
    row.Response,
    row.Text,
    row.Reason,
    row.State,
    row.Values && JSON.stringify(row.Values),
  ];
  return texts.some((each) => each?.toLowerCase().includes(part));
}

/** The bytes of a payload. */
export function payloadBytes(row: LogRow): Uint8Array {
  const payload = row.Payload ?? '';
  if (row.Encoding !== 'base64') return new TextEncoder().encode(payload);
  return Uint8Array.from(atob(payload), (char) => char.charCodeAt(0));
}

/** `7b 22 61`, at most so many bytes. */
export function hexOf(bytes: Uint8Array, most: number): string {
  const shown = Array.from(bytes.subarray(0, most), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return bytes.length > most ? `${shown} …` : shown;
}

/** Offsets, bytes and characters, sixteen a line. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = bytes.subarray(at, at + 16);
    const chars = Array.from(part, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'));
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hexOf(part, 16).padEnd(47)}  ${chars.join('')}`);
  }
  return lines.join('\n');
}

function parsed(json: string | undefined): unknown {
  if (json === undefined || json === '') return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** `a: 1, b: {…}` of an object, the text itself of anything else. */
export function brief(value: unknown): string {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value) ?? '';
  return Object.entries(value)
    .map(([name, member]) => `${name}: ${JSON.stringify(member)}`)
    .join(', ');
}

const BRIEF_BYTES = 96;

/** What a row says, in one line. */
export function summary(row: LogRow, decoding: Decoding): string {
  switch (row.What) {
    case 'Message':
      return payloadLine(row, decoding);
    case 'Value':
      return brief(row.Values ?? {});
    case 'Presence':
      return row.Event === 'online'
        ? [
            row.Address,
            row.Transport,
            `MQTT ${row.MqttVersion ?? ''}`,
            text('keepAlive', { seconds: row.KeepAlive ?? 0 }),
          ].join(' · ')
        : [row.Reason, row.Detail].filter(Boolean).join(' · ');
    case 'Diagnostic':
      return [row.Detail, row.Result, row.Reason].filter(Boolean).join(' · ');
    case 'Command':
      return [row.ActionId || text('control'), row.Params, row.Status].filter(Boolean).join(' · ');
    case 'Event':
      return [row.Event, row.Params].filter(Boolean).join(' · ');
    default:
      return row.Text ?? '';
  }
}

function payloadLine(row: LogRow, decoding: Decoding): string {
  const payload = row.Payload ?? '';
  if (decoding === 'hex' || (row.Encoding === 'base64' && decoding === 'json'))
    return hexOf(payloadBytes(row), BRIEF_BYTES);
  if (decoding === 'raw') return payload;
  const value = row.Encoding === 'base64' ? undefined : parsed(payload);
  return value === undefined ? payload : brief(value);
}

/** Everything of a row's payload, put into the form that is wanted. */
export function fullPayload(row: LogRow, decoding: Decoding): string {
  if (decoding === 'hex') return hexDump(payloadBytes(row));
  if (decoding === 'raw') return row.Payload ?? '';
  const value = row.Encoding === 'base64' ? undefined : parsed(row.Payload);
  return value === undefined ? (row.Payload ?? '') : JSON.stringify(value, null, 2);
}
