import { expect, test } from 'vitest';

import { bytesOf, entryOf, fits, hexOf, MOST_ROWS, withNew, type TrafficEntry } from './traffic';

const message = (direction: string, at: number, payload: object | string, more: object = {}): TrafficEntry =>
  entryOf({
    Time: at,
    What: 'Message',
    Direction: direction,
    Topic: '$thing/up/property/P/d',
    Payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    ...more,
  })!;

test('an answer knows how long it took, and its question that it was answered', () => {
  const rows = withNew(
    [message('up', 100, { method: 'report', clientToken: 'a' })],
    [
      message('up', 105, { method: 'report', clientToken: 'b' }),
      message('down', 130, { method: 'report_reply', clientToken: 'a', code: 406, status: 'too much' }),
    ],
  );
  expect(rows.map(({ answered, after, code }) => [answered, after, code])).toEqual([
    [true, undefined, undefined],
    [undefined, undefined, undefined],
    [undefined, 30, 406],
  ]);
});

test('the same token twice in one direction is no answer', () => {
  const rows = withNew(
    [],
    [1, 2].map((at) => message('up', at, { clientToken: 'a' })),
  );
  expect(rows.every(({ after, answered }) => after === undefined && !answered)).toBe(true);
});

test('only the newest rows are kept', () => {
  const many = Array.from({ length: MOST_ROWS + 5 }, (_, at) => message('up', at, ''));
  const rows = withNew([], many);
  expect([rows.length, rows[0]?.at]).toEqual([MOST_ROWS, 5]);
});

test('a message from the device carries the answer of the platform, and what is no message says what happened', () => {
  expect(message('up', 1, { method: 'report' }, { Code: 406 }).code).toBe(406);
  const gone = entryOf({
    Time: 1,
    What: 'Presence',
    Event: 'offline',
    Reason: 'keepalive timeout',
    Seq: '1',
  });
  expect([gone?.summary, gone?.payload]).toEqual([
    'offline · keepalive timeout',
    '{"Event":"offline","Reason":"keepalive timeout"}',
  ]);
  expect(entryOf({ Time: 1, What: 'Value' })).toBeUndefined();
});

test('bytes are shown as they are', () => {
  const entry = message('up', 1, btoa('\u0000AB\u00ff'), { Encoding: 'base64' });
  expect(hexOf(bytesOf(entry)).trimEnd()).toMatch(/^0000 {2}00 41 42 ff +\.AB\.$/);
  expect(entry.method).toBeUndefined();
});

test('rows are found by direction and by what they say', () => {
  const entry = message('down', 1, { method: 'control', clientToken: 'x' });
  expect(fits(entry, { direction: 'down', text: 'CONTROL' })).toBe(true);
  expect(fits(entry, { direction: 'up', text: '' })).toBe(false);
  expect(fits(entry, { direction: '', text: 'nothing' })).toBe(false);
});
