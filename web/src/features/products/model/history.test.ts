import { expect, test } from 'vitest';

import { begin, redo, step, type, undo } from './history';

test('steps are undone and done again', () => {
  const two = step(step(begin('a'), 'b'), 'c');
  expect(undo(two).present).toBe('b');
  expect(undo(undo(undo(two))).present).toBe('a');
  expect(redo(undo(two))).toEqual(two);
  expect(redo(two)).toBe(two);
});

test('a change after an undo forgets what was undone', () => {
  const after = step(undo(step(begin('a'), 'b')), 'c');
  expect(after.future).toEqual([]);
  expect(undo(after).present).toBe('a');
});

test('typing that goes on is one step, a pause begins another', () => {
  let history = type(begin(''), 'a', 0);
  history = type(history, 'ab', 500);
  history = type(history, 'abc', 1_200);
  history = type(history, 'abcd', 9_000);
  expect(undo(history).present).toBe('abc');
  expect(undo(undo(history)).present).toBe('');
});

test('typing after another change does not swallow it', () => {
  const history = type(step(type(begin(''), 'a', 0), 'table'), 'table!', 100);
  expect(undo(history).present).toBe('table');
});

test('what is kept is bounded', () => {
  let history = begin('');
  for (let at = 0; at < 500; at += 1) history = step(history, String(at));
  expect(history.past.length).toBeLessThanOrEqual(100);
  let large = begin('');
  for (let at = 0; at < 50; at += 1) large = step(large, String(at).padEnd(500_000));
  expect(large.past.reduce((sum, text) => sum + text.length, 0)).toBeLessThanOrEqual(8_000_000);
  expect(undo(large).present.trim()).toBe('48');
});
