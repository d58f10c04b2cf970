// Texts of a feature, in both languages side by side. A key that one language lacks, a key that does not exist, and a
// value that a sentence needs but does not get are errors of the compiler.
import i18next from 'i18next';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import './i18n';

/** Texts, in groups as deep as one likes. */
export interface TextTree {
  readonly [key: string]: string | TextTree;
}

type Plural = 'zero' | 'one' | 'two' | 'few' | 'many';

/** The same keys with other words. Forms for single things may be left out: not every language has them. */
type Translated<T> = {
  readonly [K in keyof T as K extends `${string}_${Plural}` ? never : K]: T[K] extends string
    ? string
    : Translated<T[K]>;
} & { readonly [K in keyof T as K extends `${string}_${Plural}` ? K : never]?: string };

type Singular<K extends string> = K extends `${infer Stem}_${Plural | 'other'}` ? Stem : K;

/** `group.key` of every text. */
export type KeyOf<T> = {
  [K in keyof T & string]: T[K] extends string ? Singular<K> : `${K}.${KeyOf<T[K]>}`;
}[keyof T & string];

/** The text behind a key. */
type At<T, K extends string> = K extends `${infer Head}.${infer Tail}`
  ? Head extends keyof T
    ? At<T[Head], Tail>
    : never
  : K extends keyof T
    ? T[K]
    : `${K}_other` extends keyof T
      ? T[`${K}_other`] | '{{count}}'
      : never;

/** The names in double braces. */
type Names<S> = S extends `${string}{{${infer Name}}}${infer Rest}` ? Name | Names<Rest> : never;

type Values<S> = [Names<S>] extends [never] ? [] : [{ readonly [Name in Names<S>]: string | number }];

/** Gives the text of a key, with values in it. */
export type Translate<T> = <K extends KeyOf<T>>(key: K, ...values: Values<At<T, K>>) => string;

/** Texts of one feature. */
export interface Texts<T> {
  /** For components: redraws them when the language changes. */
  useTexts: () => Translate<T>;
  /** For everything else; gives the language of the moment. */
  text: Translate<T>;
}

/** Declares the texts of the feature `name`. Values stand in double braces; `key_one` and `key_other` are forms by `count`. */
export function defineTexts<const T extends TextTree>(
  name: string,
  texts: { en: T; zh: Translated<T> },
): Texts<T> {
  i18next.addResourceBundle('en', name, texts.en);
  i18next.addResourceBundle('zh', name, texts.zh);
  const translate = (key: string, values?: Record<string, string | number>): string =>
    i18next.t(key, { ...values, ns: name });
  return {
    useTexts: () => {
      const { i18n } = useTranslation();
      const shown = i18n.language;
      // A new function for a new language, so that what depends on it is drawn again.
      return useMemo(() => {
        const fixed = i18next.getFixedT(shown, name);
        return ((key: string, values?: Record<string, string | number>) =>
          fixed(key, values ?? {})) as Translate<T>;
      }, [shown]);
    },
    text: translate as Translate<T>,
  };
}
