import { expect, test } from 'vitest';

import { pathThrough } from './Curve';
import { rates } from './series';

test('rates leave out a restart and what has no length', () => {
  const times = [0, 60_000, 120_000, 120_000, 180_000];
  expect(rates(times, [0, 600, 30, 40, 100], 1_000)).toEqual({
    times: [60_000, 180_000],
    values: [10, 1],
  });
});

test('a line goes from edge to edge, and a flat one at zero is at the bottom', () => {
  expect(pathThrough([0, 10], [0, 5])).toBe('M0.0 62.0 L300.0 2.0');
  expect(pathThrough([0, 10], [0, 0])).toBe('M0.0 62.0 L300.0 62.0');
});
