// The draft of a model with what it was before, for undo and redo. Typing that goes on is one step. Bounded, so that an
// afternoon of editing does not fill the browser's memory. Pure: the time is given.

export interface History {
  past: readonly string[];
  present: string;
  future: readonly string[];
  /** When typing last changed the text, so that what follows soon belongs to the same step. */
  typedAt?: number;
}

const MOST_STEPS = 100;
const MOST_CHARACTERS = 8_000_000;
const TOGETHER_MS = 1_000;

export function begin(text: string): History {
  return { past: [], present: text, future: [] };
}

/** A change that is a step of its own. */
export function step(history: History, text: string): History {
  if (text === history.present) return history;
  return { past: bounded([...history.past, history.present]), present: text, future: [] };
}

/** A change by typing. */
export function type(history: History, text: string, now: number): History {
  if (text === history.present) return history;
  const goesOn = history.typedAt !== undefined && now - history.typedAt < TOGETHER_MS;
  return goesOn
    ? { ...history, present: text, future: [], typedAt: now }
    : { ...step(history, text), typedAt: now };
}

export function undo(history: History): History {
  const text = history.past.at(-1);
  if (text === undefined) return history;
  return {
    past: history.past.slice(0, -1),
    present: text,
    future: [history.present, ...history.future],
  };
}

export function redo(history: History): History {
  const [text, ...future] = history.future;
  if (text === undefined) return history;
  return { past: [...history.past, history.present], present: text, future };
}

function bounded(steps: string[]): string[] {
  const kept = steps.slice(-MOST_STEPS);
  let room = MOST_CHARACTERS;
  let first = kept.length;
  while (first > 0) {
    room -= kept[first - 1]?.length ?? 0;
    if (room < 0) break;
    first -= 1;
  }
  return kept.slice(first);
}
