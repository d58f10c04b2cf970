// Facts before forms: what is known of an object, as pairs of name and value.
import type { ReactNode } from 'react';

export interface Fact {
  label: ReactNode;
  value: ReactNode;
  /** Takes the whole width. */
  wide?: boolean;
}

export function Facts({ facts }: { facts: (Fact | undefined | false)[] }) {
  return (
    <dl className="kit-facts">
      {facts.map(
        (fact, index) =>
          fact && (
            <div key={index} className={fact.wide ? 'kit-fact kit-fact-wide' : 'kit-fact'}>
              <dt>{fact.label}</dt>
              <dd>{fact.value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
