// What a tail holds: the rows that are shown, and those that came while somebody was reading. Bounded both ways, and it
// knows how many it let go. Pure, so that a thousand rows a second can be tried without a browser.
import type { LogRow } from './row';

/** Rows that are shown, at most, and rows that wait, at most. */
export const MOST_ROWS = 5_000;

export interface TailState {
  /** Oldest first. */
  rows: readonly LogRow[];
  /** What came since the reader stopped the tail. */
  waiting: readonly LogRow[];
  /** Rows that came, waited, and had to go before they were seen. */
  passed: number;
  /** Rows that the server could not send. */
  lost: number;
  /** Rows that have arrived in all. */
  arrived: number;
}

export const emptyTail: TailState = { rows: [], waiting: [], passed: 0, lost: 0, arrived: 0 };

/** New rows: shown at once while the tail follows, otherwise kept for later. */
export function arrive(
  state: TailState,
  fresh: readonly LogRow[],
  lost: number,
  following: boolean,
): TailState {
  const counted = { ...state, lost: state.lost + lost, arrived: state.arrived + fresh.length };
  if (fresh.length === 0) return counted;
  if (following) return release({ ...counted, waiting: [...state.waiting, ...fresh] });
  const waiting = [...state.waiting, ...fresh];
  const over = Math.max(0, waiting.length - MOST_ROWS);
  return { ...counted, waiting: over > 0 ? waiting.slice(over) : waiting, passed: state.passed + over };
}

/** Shows what has waited. */
export function release(state: TailState): TailState {
  if (state.waiting.length === 0) return state;
  return { ...state, rows: [...state.rows, ...state.waiting].slice(-MOST_ROWS), waiting: [] };
}

/** Puts older rows in front, without those that are there already. */
export function older(state: TailState, found: readonly LogRow[]): TailState {
  const known = new Set([...state.rows, ...state.waiting].map((row) => row.Id));
  return { ...state, rows: [...found.filter((row) => !known.has(row.Id)), ...state.rows] };
}
