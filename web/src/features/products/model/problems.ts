// What the server says about a draft while somebody types: errors, notes, and where it leaves the category's standard.
import { useEffect, useMemo, useState } from 'react';

import { useOperation, type Answer } from '../../../api';
import { functionsOf, pathOf, type Model } from './document';

/** Something said about a place of the document. */
export interface Problem {
  /** Such as `properties[3].define.max`; `$` is the whole. */
  path: string;
  /** Errors refuse the model; the others are only said. */
  severity: 'error' | 'warning';
  text: string;
}

const WAIT_MS = 350;

/** The value, when it has not changed for a moment. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), WAIT_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/** What the server says of a text; `settled` once it is about the text as it is now. */
export function useProblems(
  productId: string,
  text: string,
  model: Model | undefined,
): { problems: Problem[]; valid: boolean; settled: boolean; error: unknown } {
  const asked = useSettled(text);
  const { data, isPlaceholderData, error } = useOperation(
    'ValidateModelDefinition',
    { ProductId: productId, ModelSchema: asked },
    { keep: true },
  );
  const settled = data !== undefined && !isPlaceholderData && asked === text;
  const problems = useMemo(() => problemsOf(data, model), [data, model]);
  return { problems, valid: settled && data.Valid, settled, error };
}

/** The server's answer by place. */
export function problemsOf(
  answer: Answer<'ValidateModelDefinition'> | undefined,
  model: Model | undefined,
): Problem[] {
  if (!answer) return [];
  const places = new Map((model ? functionsOf(model) : []).map((each) => [each.value.id, pathOf(each)]));
  return [
    ...answer.Errors.map((each): Problem => ({
      path: each.Path,
      severity: 'error',
      text: `${each.Text}: ${each.Message}`,
    })),
    ...answer.Deviations.map((each): Problem => ({
      path: places.get(each.Identifier) ?? '$',
      severity: each.Refused ? 'error' : 'warning',
      text: `${each.Identifier}: ${each.Text}`,
    })),
    ...answer.Notes.map((each): Problem => ({ path: each.Path, severity: 'warning', text: each.Text })),
  ];
}

/** Those about a place and what is in it. */
export function problemsAt(problems: readonly Problem[], path: string): Problem[] {
  return problems.filter(
    (problem) =>
      problem.path === path || problem.path.startsWith(`${path}.`) || problem.path.startsWith(`${path}[`),
  );
}
