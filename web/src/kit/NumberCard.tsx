// A number that matters, large, with what it is; it leads to the list that it counts.
import type { ReactNode } from 'react';

import './numberCard.css';
import { PageLink } from './PageLink';
import type { Tone } from './Status';

export interface NumberCardProps {
  title: ReactNode;
  /** As it is written; nothing while it is not known. */
  value: ReactNode;
  /** What there is to say about it. */
  note?: ReactNode;
  /** The page with what is counted. */
  to?: string;
  tone?: Tone;
}

export function NumberCard({ title, value, note, to, tone }: NumberCardProps) {
  const content = (
    <>
      <span className="kit-number-title">{title}</span>
      <span className={`kit-number-value ${tone ? `kit-number-${tone}` : ''}`}>{value ?? '–'}</span>
      {note !== undefined && <span className="kit-number-note">{note}</span>}
    </>
  );
  if (!to) return <div className="kit-number-card">{content}</div>;
  return (
    <PageLink to={to} className="kit-number-card kit-number-link">
      {content}
    </PageLink>
  );
}
