import { expect, test } from 'vitest';

import { arrive, emptyTail, MOST_ROWS, older, release, type TailState } from './buffer';
import { everything, fits, fullPayload, summary, type LogRow } from './row';

function rows(from: number, count: number): LogRow[] {
  return Array.from({ length: count }, (_, index) => ({
    Id: String(from + index),
    Seq: String(from + index),
    Time: from + index,
    What: 'Message',
    ProductId: 'P',
    DeviceName: 'd',
    Direction: 'up',
    Topic: 'P/d/data',
    Payload: `{"n":${from + index}}`,
  }));
}

test('a tail that follows shows the newest rows and keeps no more than it may', () => {
  let state: TailState = emptyTail;
  for (let second = 0; second < 20; second += 1) state = arrive(state, rows(second * 1_000, 1_000), 1, true);
  expect(state.rows).toHaveLength(MOST_ROWS);
  expect(state.rows.at(-1)?.Id).toBe('19999');
  expect([state.arrived, state.lost, state.passed]).toEqual([20_000, 20, 0]);
});

test('while somebody reads nothing moves, and what had to go is counted', () => {
  const before = arrive(emptyTail, rows(0, 10), 0, true);
  let state = before;
  for (let second = 1; second < 8; second += 1) state = arrive(state, rows(second * 1_000, 1_000), 0, false);
  expect(state.rows).toBe(before.rows);
  expect([state.waiting.length, state.passed]).toEqual([MOST_ROWS, 2_000]);
  const shown = release(state);
  expect(shown.rows).toHaveLength(MOST_ROWS);
  expect(shown.waiting).toHaveLength(0);
});

test('older rows come in front once', () => {
  const state = older(arrive(emptyTail, rows(5, 5), 0, true), rows(0, 7));
  expect(state.rows.map((row) => row.Id)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
});

test('rows are narrowed down by kind, direction, topic, text and state', () => {
  const [row] = rows(7, 1) as [LogRow];
  expect(fits(row, everything)).toBe(true);
  expect(fits(row, { ...everything, what: ['Presence'] })).toBe(false);
  expect(fits(row, { ...everything, direction: 'down' })).toBe(false);
  expect(fits(row, { ...everything, topic: 'DATA', text: '"N":7' })).toBe(true);
  expect(fits(row, { ...everything, grades: ['failed'] })).toBe(false);
  expect(fits({ ...row, What: 'Command', State: 'failed' }, { ...everything, grades: ['failed'] })).toBe(
    true,
  );
});

test('payloads are shown as they came, as JSON and as bytes, also when they are none of it', () => {
  const [row] = rows(7, 1) as [LogRow];
  expect(summary(row, 'json')).toBe('n: 7');
  expect(summary(row, 'hex')).toBe('7b 22 6e 22 3a 37 7d');
  const binary = { ...row, Payload: '/wAB', Encoding: 'base64' };
  expect(summary(binary, 'json')).toBe('ff 00 01');
  expect(fullPayload(binary, 'hex')).toMatch(/^000000 {2}ff 00 01 +\.\.\.$/);
  expect(fullPayload({ ...row, Payload: 'not json' }, 'json')).toBe('not json');
});
