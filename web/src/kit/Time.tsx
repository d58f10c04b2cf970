// Moments and spans: relative where one glances, exact on hover, always in the reader's zone with UTC beside it.
import { Tooltip } from 'antd';
import { useSyncExternalStore } from 'react';

import { languageTag } from '../texts/i18n';
import { useTexts } from './texts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', DAY],
  ['hour', HOUR],
  ['minute', MINUTE],
  ['second', SECOND],
];

/** `3 minutes ago`; the date where it is more than a month away. */
export function relative(at: number, now: number): string {
  const apart = at - now;
  if (Math.abs(apart) > 30 * DAY)
    return new Intl.DateTimeFormat(languageTag(), { dateStyle: 'medium' }).format(at);
  const words = new Intl.RelativeTimeFormat(languageTag(), { numeric: 'auto' });
  const [unit, size] = steps.find(([, length]) => Math.abs(apart) >= length) ?? ['second', SECOND];
  return words.format(Math.trunc(apart / size), unit);
}

/** The moment with its seconds and the zone. */
export function exact(at: number): string {
  return new Intl.DateTimeFormat(languageTag(), { dateStyle: 'medium', timeStyle: 'long' }).format(at);
}

/** Hours to milliseconds, for lists of what happened. */
export function clockTime(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

// One clock for all: times that are shown are drawn again together.
let now = Date.now();
const TICK = 5 * SECOND;
function subscribe(listener: () => void): () => void {
  const timer = setInterval(() => {
    now = Date.now();
    listener();
  }, TICK);
  return () => clearInterval(timer);
}

/** The time now, renewed every few seconds. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** A moment in milliseconds since 1970; 0, null and undefined mean never. */
export function Time({ at, clock = false }: { at: number | null | undefined; clock?: boolean }) {
  const t = useTexts();
  const present = useNow();
  if (!at) return <span className="kit-faint">{t('never')}</span>;
  return (
    <Tooltip title={`${exact(at)} · ${new Date(at).toISOString()}`}>
      <time dateTime={new Date(at).toISOString()} className="kit-time">
        {clock
          ? clockTime(at)
          : relative(at, Math.max(present, at > present && at - present < MINUTE ? at : present))}
      </time>
    </Tooltip>
  );
}

const duration: [string, number][] = [
  ['d', DAY],
  ['h', HOUR],
  ['min', MINUTE],
  ['s', SECOND],
];

/** A span in its two largest units: `2 h 5 min`. */
export function spanText(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  const parts: string[] = [];
  let rest = ms;
  for (const [unit, size] of duration) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count} ${unit}`);
    rest -= count * size;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}
