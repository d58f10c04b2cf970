// The draft as JSON, with what is wrong marked where it stands.
import { useMemo } from 'react';

import {
  Alert,
  CodeEditor,
  jsonPlaces,
  placeOf,
  Status,
  useAddress,
  type CodeMark,
  Button,
} from '../../../kit';
import type { Unreadable } from './document';
import type { Problem } from './problems';
import { useTexts } from './texts';
import type { Draft } from './useDraft';

export function JsonView({
  draft,
  problems,
  readOnly,
  place,
}: {
  draft: Draft;
  problems: readonly Problem[];
  readOnly: boolean;
  /** Where to look; a new object looks again. */
  place: { path: string } | undefined;
}) {
  const t = useTexts();
  const found = useMemo(() => jsonPlaces(draft.text), [draft.text]);
  const marks = useMemo((): CodeMark[] => {
    if (found.broken) {
      const { from, to, expected } = found.broken;
      return [{ from, to, severity: 'error', text: expected }];
    }
    return problems.flatMap((problem) => {
      const at = placeOf(found, problem.path);
      return at ? [{ ...at, severity: problem.severity, text: problem.text }] : [];
    });
  }, [found, problems]);
  const shown = useMemo(
    () => place && { offset: placeOf(found, place.path)?.from ?? 0 },
    // Only a new wish moves the view; typing does not.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [place],
  );
  return (
    <CodeEditor
      language="json"
      label={t('json')}
      value={draft.text}
      onChange={readOnly ? undefined : draft.typed}
      marks={marks}
      height="60vh"
      onUndo={draft.undo}
      onRedo={draft.redo}
      shown={shown}
    />
  );
}

/** Why the table is not there. */
export function UnreadableNote({ unreadable }: { unreadable: Unreadable }) {
  const t = useTexts();
  const [, setAddress] = useAddress({ view: 'table' });
  return (
    <Alert
      type="error"
      showIcon
      title={t('unreadable', { ...unreadable })}
      description={t('unreadableText')}
      action={
        <Button size="small" onClick={() => setAddress({ view: 'json' })}>
          {t('toJson')}
        </Button>
      }
    />
  );
}

const MOST_SHOWN = 50;

/** Everything that is said about the draft, with the way to the place. */
export function ProblemList({
  problems,
  onShow,
}: {
  problems: readonly Problem[];
  onShow: (path: string) => void;
}) {
  const t = useTexts();
  return (
    <ul className="products-effects">
      {problems.slice(0, MOST_SHOWN).map((problem) => (
        <li key={`${problem.path} ${problem.text}`}>
          <Status tone={problem.severity === 'error' ? 'bad' : 'warn'}>
            <button
              type="button"
              className="products-link kit-code"
              title={t('showProblem')}
              onClick={() => onShow(problem.path)}
            >
              {problem.path}
            </button>
          </Status>
          <span>{problem.text}</span>
        </li>
      ))}
    </ul>
  );
}
