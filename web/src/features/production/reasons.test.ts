import { describe, expect, it } from 'vitest';

import { reasonOf } from './reasons';
import { text } from './texts';

describe('why a device was not made', () => {
  it('is a sentence where the words are known', () => {
    const said = '2 of 5 devices were not made; the first one: the name stands in row 3 already';
    expect(reasonOf(said, text)).toBe(
      text('result.summary', { short: 2, wanted: 5, reason: text('result.twice', { row: 3 }) }),
    );
    expect(reasonOf('normal device license limit', text)).toBe(text('result.normal'));
  });

  it('stands as it was said where they are not', () => {
    expect(reasonOf('something new', text)).toBe('something new');
    expect(reasonOf('', text)).toBe('');
    expect(reasonOf('toString', text)).toBe('toString');
  });
});
