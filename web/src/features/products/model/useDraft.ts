// The draft of a product's thing model: one text with undo and redo, kept in the browser until it is published or thrown
// away. It begins as the server's model; when that changes under an unsaved draft, the draft stays and its reader is told.
import { useCallback, useEffect, useMemo, useState } from 'react';

import { readModel, writeModel, type Model, type Unreadable } from './document';
import { begin, redo, step, type, undo, type History } from './history';

/** What the browser keeps. */
interface Kept {
  /** The server's text from which the draft was made. */
  base: string;
  text: string;
  /** Milliseconds. */
  at: number;
}

const keyOf = (productId: string) => `yizhan.model-draft.${productId}`;

function kept(productId: string): Kept | undefined {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(keyOf(productId)) ?? 'null');
    if (typeof found !== 'object' || found === null) return undefined;
    const { base, text, at } = found as Partial<Kept>;
    return typeof base === 'string' && typeof text === 'string' ? { base, text, at: Number(at) } : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a draft or forgets it; false where the browser has no room. */
function keep(productId: string, draft: Kept | undefined): boolean {
  try {
    if (draft) localStorage.setItem(keyOf(productId), JSON.stringify(draft));
    else localStorage.removeItem(keyOf(productId));
    return true;
  } catch {
    return false;
  }
}

/** A draft with everything that can be done with it. */
export interface Draft {
  text: string;
  /** The document, or where it is not readable. */
  read: { model: Model } | { unreadable: Unreadable };
  /** Whether it differs from the server's model. */
  changed: boolean;
  /** The server's model is another one than that from which the draft was made. */
  outdated: boolean;
  /** When the draft was last changed before the page was opened; milliseconds. */
  since?: number;
  /** The browser had no room to keep the draft. */
  lost: boolean;
  canUndo: boolean;
  canRedo: boolean;
  undo: () => void;
  redo: () => void;
  /** Another document in the place of this one. */
  put: (model: Model) => void;
  putText: (text: string) => void;
  typed: (text: string) => void;
  /** Throws the draft away. */
  reset: () => void;
}

export function useDraft(productId: string, server: string): Draft {
  const [found] = useState(() => kept(productId));
  const [base, setBase] = useState(found?.base ?? server);
  const [history, setHistory] = useState<History>(() =>
    found && found.text !== server ? step(begin(server), found.text) : begin(server),
  );
  const [since, setSince] = useState(found?.at);
  const [lost, setLost] = useState(false);
  const text = history.present;
  const changed = text !== server;

  // A draft without changes follows the server.
  const [seen, setSeen] = useState(server);
  if (seen !== server) {
    setSeen(server);
    if (text === seen || text === server) {
      setHistory(begin(server));
      setBase(server);
    }
  }

  useEffect(() => {
    const timer = setTimeout(() => {
      setLost(!keep(productId, changed ? { base, text, at: Date.now() } : undefined));
    }, 300);
    return () => clearTimeout(timer);
  }, [productId, base, text, changed]);

  const read = useMemo(() => readModel(text), [text]);
  const putText = useCallback((next: string) => setHistory((before) => step(before, next)), []);
  const put = useCallback((model: Model) => putText(writeModel(model)), [putText]);
  return {
    text,
    read,
    changed,
    outdated: changed && base !== server,
    since: changed ? since : undefined,
    lost: changed && lost,
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    undo: useCallback(() => setHistory(undo), []),
    redo: useCallback(() => setHistory(redo), []),
    put,
    putText,
    typed: useCallback((next: string) => setHistory((before) => type(before, next, Date.now())), []),
    reset: useCallback(() => {
      setHistory(begin(server));
      setBase(server);
      setSince(undefined);
    }, [server]),
  };
}
