import { describe, expect, it } from 'vitest';

import { rangeOf } from './range';

const now = '2026-11-21';

describe('a range of days', () => {
  it('is so many days up to today', () => {
    expect(rangeOf({ days: 7, from: '', to: '' }, now)).toEqual({ first: '2026-11-15', last: '2026-11-21' });
    expect(rangeOf({ days: 0, from: '', to: '' }, now).first).toBe(now);
  });

  it('is two dates where the address has them, and they can be', () => {
    const chosen = { days: 7, from: '2026-02-01', to: '2026-02-28' };
    expect(rangeOf(chosen, now)).toEqual({ first: '2026-02-01', last: '2026-02-28' });
    for (const [from, to] of [
      ['2026-02-28', '2026-02-01'],
      ['2026-02-31', '2026-03-01'],
      ['2020-01-01', '2026-01-01'],
      ['x', '2026-01-01'],
    ]) {
      expect(rangeOf({ days: 7, from: from ?? '', to: to ?? '' }, now).first).toBe('2026-11-15');
    }
  });
});
