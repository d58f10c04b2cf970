import { expect, test } from 'vitest';

import { lineDiff, sideBySide } from './lineDiff';

const signs = { same: ' ', removed: '-', added: '+' } as const;
const shown = (before: string, after: string) =>
  lineDiff(before, after).map((line) => signs[line.kind] + line.text);

test('lines in common stay, the others are taken away and added', () => {
  expect(shown('a\nb\nc\nd', 'a\nx\nc\nd\ne')).toEqual([' a', '-b', '+x', ' c', ' d', '+e']);
  expect(shown('', 'a')).toEqual(['+a']);
  expect(shown('a\nb', '')).toEqual(['-a', '-b']);
  expect(shown('a\nb', 'a\nb')).toEqual([' a', ' b']);
});

test('lines that are repeated keep their order', () => {
  expect(shown('a\na\nb', 'a\nb\na')).toEqual([' a', '-a', ' b', '+a']);
});

test('each line has its number in the text that it is from', () => {
  const lines = lineDiff('a\nb\nc', 'a\nc\nd');
  expect(lines.map(({ before, after }) => [before, after])).toEqual([
    [1, 1],
    [2, undefined],
    [3, 2],
    [undefined, 3],
  ]);
});

test('both sides can be put together again from the difference', () => {
  const before = Array.from({ length: 200 }, (_, line) => `line ${line % 7} ${line % 3}`);
  const after = before
    .filter((_, line) => line % 5 !== 0)
    .flatMap((line, at) => (at % 9 ? [line] : [line, 'new']));
  const lines = lineDiff(before.join('\n'), after.join('\n'));
  const side = (without: 'added' | 'removed') =>
    lines.filter((line) => line.kind !== without).map((line) => line.text);
  expect(side('added')).toEqual(before);
  expect(side('removed')).toEqual(after);
});

test('texts too large to compare line by line are still shown whole', () => {
  const many = (word: string) => Array.from({ length: 3_000 }, (_, line) => `${word} ${line}`).join('\n');
  expect(lineDiff(many('a'), many('b'))).toHaveLength(6_000);
});

test('what came in the place of something stands beside it', () => {
  const rows = sideBySide(lineDiff('a\nb\nc', 'a\nx\ny\nc'));
  expect(rows.map(({ left, right }) => [left?.text, right?.text])).toEqual([
    ['a', 'a'],
    ['b', 'x'],
    [undefined, 'y'],
    ['c', 'c'],
  ]);
});
