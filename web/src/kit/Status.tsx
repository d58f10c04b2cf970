// A state by colour, shape and word, so that nobody depends on the colour.
import type { ReactNode } from 'react';

export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'off' | 'plain';

const shapes: Record<Tone, string> = {
  good: 'M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1z',
  bad: 'M2.2 1 6 4.8 9.8 1 11 2.2 7.2 6 11 9.8 9.8 11 6 7.2 2.2 11 1 9.8 4.8 6 1 2.2z',
  warn: 'M6 .8 11.6 11H.4z',
  busy: 'M6 1a5 5 0 0 1 5 5H8.6A2.6 2.6 0 0 0 6 3.4z M6 11a5 5 0 0 1-5-5h2.4A2.6 2.6 0 0 0 6 8.6z',
  off: 'M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1zm0 1.8a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4z',
  plain: 'M2 5h8v2H2z',
};

/** A state with its word. */
export function Status({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={`kit-status kit-tone-${tone}`}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <path d={shapes[tone]} />
      </svg>
      {children}
    </span>
  );
}
