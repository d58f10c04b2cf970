import { afterEach, expect, test } from 'vitest';

import { defineTexts } from './define';
import { setLanguage } from './i18n';

const { text } = defineTexts('define-test', {
  en: {
    hello: 'Hello {{name}}',
    things_one: '{{count}} thing',
    things_other: '{{count}} things',
    deep: { er: 'Deeper' },
  },
  zh: { hello: '你好 {{name}}', things_other: '{{count}} 个东西', deep: { er: '更深' } },
});

afterEach(() => setLanguage('en'));

test('texts follow the language, with their values', () => {
  setLanguage('en');
  expect(text('hello', { name: '<b>' })).toBe('Hello <b>');
  expect(text('deep.er')).toBe('Deeper');
  setLanguage('zh');
  expect(text('hello', { name: '张' })).toBe('你好 张');
  expect(text('deep.er')).toBe('更深');
});

test('forms are chosen by count, in languages that have them', () => {
  setLanguage('en');
  expect([1, 2].map((count) => text('things', { count }))).toEqual(['1 thing', '2 things']);
  setLanguage('zh');
  expect([1, 2].map((count) => text('things', { count }))).toEqual(['1 个东西', '2 个东西']);
});

test('the document says which language it is in', () => {
  setLanguage('zh');
  expect(document.documentElement.lang).toBe('zh-CN');
});
