// Keys that work everywhere: Ctrl K or / opens the palette, g and a number goes to a page of the menu.
import { useEffect } from 'react';

import { useGo } from '../kit/address';
import type { FeaturePage } from './feature';

const SECOND_KEY_MS = 1_200;

/** Whether typing goes into a field, where letters mean themselves. */
function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** The letter of each page: the first of its path that is still free. */
export function lettersOf(pages: readonly FeaturePage[]): Map<string, FeaturePage> {
  const letters = new Map<string, FeaturePage>();
  for (const page of pages.filter((candidate) => candidate.menu)) {
    const free = [...page.path.replaceAll(/[^a-z]/g, '')].find((letter) => !letters.has(letter));
    if (free) letters.set(free, page);
  }
  return letters;
}

export function useKeys(pages: readonly FeaturePage[], openPalette: () => void): void {
  const go = useGo();
  useEffect(() => {
    let pressedG = 0;
    const letters = lettersOf(pages);
    const onKey = (event: KeyboardEvent) => {
      const control = event.ctrlKey || event.metaKey;
      if (control && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        openPalette();
        return;
      }
      if (control || event.altKey || isTyping(event.target)) return;
      if (event.key === '/' || event.key === '?') {
        event.preventDefault();
        openPalette();
      } else if (event.key === 'g') {
        pressedG = event.timeStamp;
      } else if (event.timeStamp - pressedG < SECOND_KEY_MS) {
        pressedG = 0;
        const page = letters.get(event.key);
        if (page) go(page.path);
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [pages, openPalette, go]);
}
