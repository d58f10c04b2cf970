import { beforeAll, expect, test } from 'vitest';

import { setLanguage } from '../texts/i18n';
import { bytes, count, percent, perSecond } from './numbers';
import { relative, spanText } from './Time';

beforeAll(() => setLanguage('en'));

test('numbers have separators, units and no needless digits', () => {
  expect(count(1234567)).toBe('1,234,567');
  expect(bytes(0)).toBe('0 B');
  expect(bytes(1536)).toBe('1.5 KiB');
  expect(bytes(5 * 1024 ** 3)).toBe('5 GiB');
  expect(percent(0.1234)).toBe('12.3%');
  expect(perSecond(0.5)).toBe('0.5/s');
});

test('spans show their two largest units', () => {
  expect(spanText(450)).toBe('450 ms');
  expect(spanText(125_000)).toBe('2 min 5 s');
  expect(spanText(90_061_000)).toBe('1 d 1 h');
});

test('moments are relative until they are a month away', () => {
  const now = Date.UTC(2026, 10, 21);
  expect(relative(now - 90_000, now)).toBe('1 minute ago');
  expect(relative(now + 3_600_000, now)).toBe('in 1 hour');
  expect(relative(Date.UTC(2026, 0, 2, 12), now)).toContain('2026');
});
