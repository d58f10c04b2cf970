// Two texts side by side with what differs marked by colour and sign; long stretches that are the same are folded.
import { useMemo, useState } from 'react';

import './code.css';
import { lineDiff, sideBySide, type DiffLine, type DiffRow } from './lineDiff';
import { useTexts } from './texts';

/** So many lines around a change stay visible. */
const AROUND = 3;

interface Fold {
  folded: number;
  from: number;
}

function fold(rows: DiffRow[]): (DiffRow | Fold)[] {
  const near = new Set<number>();
  rows.forEach((row, index) => {
    if (row.left?.kind === 'same') return;
    for (let at = index - AROUND; at <= index + AROUND; at += 1) near.add(at);
  });
  const shown: (DiffRow | Fold)[] = [];
  for (const [index, row] of rows.entries()) {
    const last = shown.at(-1);
    if (near.has(index)) shown.push(row);
    else if (last && 'folded' in last) last.folded += 1;
    else shown.push({ folded: 1, from: index });
  }
  return shown;
}

export function TextDiff({
  before,
  after,
  labels,
}: {
  before: string;
  after: string;
  /** What the two texts are, for readers of the head line. */
  labels: [string, string];
}) {
  const t = useTexts();
  const rows = useMemo(() => sideBySide(lineDiff(before, after)), [before, after]);
  const [whole, setWhole] = useState(false);
  const shown = whole ? rows : fold(rows);
  return (
    <div className="kit-diff" tabIndex={0} role="region" aria-label={labels.join(' – ')}>
      <table>
        <colgroup>
          <col className="kit-diff-number" />
          <col />
          <col className="kit-diff-number" />
          <col />
        </colgroup>
        <thead>
          <tr>
            {labels.map((label) => (
              <th key={label} colSpan={2} scope="colgroup">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row, index) =>
            'folded' in row ? (
              <tr key={`fold ${row.from}`} className="kit-diff-fold">
                <td colSpan={4}>
                  <button type="button" className="kit-quiet-button" onClick={() => setWhole(true)}>
                    {t('diff.same', { count: row.folded })}
                  </button>
                </td>
              </tr>
            ) : (
              <tr key={index}>
                <Cell line={row.left} side="before" />
                <Cell line={row.right} side="after" />
              </tr>
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}

const signs = { same: ' ', removed: '−', added: '+' } as const;

function Cell({ line, side }: { line?: DiffLine; side: 'before' | 'after' }) {
  const kind = line?.kind ?? 'none';
  return (
    <>
      <td className={`kit-diff-number kit-diff-${kind}`}>{line?.[side]}</td>
      <td className={`kit-diff-text kit-diff-${kind}`}>{line && `${signs[line.kind]} ${line.text}`}</td>
    </>
  );
}
