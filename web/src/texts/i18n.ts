// The two languages of the console. The choice is kept in the browser; the first time, the browser's own language
// decides. Texts belong to features (see define.ts).
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';

export type Language = 'zh' | 'en';

const KEY = 'yizhan.language';

function wanted(): Language {
  const kept = localStorage.getItem(KEY);
  if (kept === 'zh' || kept === 'en') return kept;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

void i18next.use(initReactI18next).init({
  lng: wanted(),
  fallbackLng: false,
  // Texts are shown by React, which escapes them.
  interpolation: { escapeValue: false },
  resources: {},
  returnNull: false,
  // Seen by the browser tests, should a key ever get past the compiler.
  parseMissingKeyHandler: (key) => `⟦${key}⟧`,
  // All texts are there before the first page is drawn.
  initAsync: false,
});

const tags: Record<Language, string> = { zh: 'zh-CN', en: 'en' };

/** The language that is shown now, as `Intl` and HTML name it. */
export function languageTag(): string {
  return tags[language()];
}

/** The language that is shown now. */
export function language(): Language {
  return i18next.language === 'zh' ? 'zh' : 'en';
}

/** Shows the console in another language from now on. */
export function setLanguage(next: Language): void {
  localStorage.setItem(KEY, next);
  document.documentElement.lang = tags[next];
  void i18next.changeLanguage(next);
}

document.documentElement.lang = tags[language()];
