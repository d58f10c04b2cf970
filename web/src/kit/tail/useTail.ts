// The rows of a tail: live ones as they come, older ones when they are asked for. Live rows are gathered and shown a few
// times a second, whatever number of them comes.
import { useCallback, useEffect, useRef, useState } from 'react';

import { useLive, useLiveState, type Subscription } from '../../live';
import { arrive, emptyTail, older, release, type TailState } from './buffer';
import { everything, fits, type LogRow, type TailFilter } from './row';

/** A page of the past. */
export interface TailPage {
  /** Newest first. */
  Rows: LogRow[];
  /** Where the next page begins; empty at the end. */
  Context: string;
  /** Everything that fits since then is there. */
  CompleteSince: number;
}

/** Asks for a page of the past. */
export type TailHistory = (context: string, filter: TailFilter, signal: AbortSignal) => Promise<TailPage>;

const DRAW_EVERY_MS = 200;
const RATE_OVER_MS = 2_000;

export interface Tail {
  state: TailState;
  /** Rows a second that came lately, those that were lost included. */
  rate: number;
  connection: 'off' | 'connecting' | 'open' | 'lost';
  refused?: string;
  /** Kinds of which something is missing since the connection was lost. */
  gap: boolean;
  past: { loading: boolean; error?: unknown; more: boolean; since?: number };
  loadOlder: () => void;
  show: () => void;
  clear: () => void;
}

interface Options {
  subscription: Subscription | undefined;
  history: TailHistory | undefined;
  filter?: TailFilter;
  following: boolean;
}

export function useTail({ subscription, history, filter = everything, following }: Options): Tail {
  const [state, setState] = useState<TailState>(emptyTail);
  const [rate, setRate] = useState(0);
  const [refused, setRefused] = useState<string>();
  const [gap, setGap] = useState(false);
  const socket = useLiveState((live) => live.state);
  const gathered = useRef<{ rows: LogRow[]; lost: number }>({ rows: [], lost: 0 });
  const seen = useRef<{ at: number; count: number }[]>([]);
  const current = useRef({ filter, following });
  useEffect(() => {
    current.current = { filter, following };
  });

  useLive(subscription, {
    events: (events, lost) => {
      const { filter: wanted } = current.current;
      seen.current.push({ at: performance.now(), count: events.length + lost });
      for (const event of events as LogRow[]) if (fits(event, wanted)) gathered.current.rows.push(event);
      gathered.current.lost += lost;
    },
    ready: (notFilled) => {
      setRefused(undefined);
      if (notFilled.some((kind) => kind !== 'Values')) setGap(true);
    },
    refused: (code, message) => setRefused(message || code),
  });

  useEffect(() => {
    const timer = setInterval(() => {
      const { rows, lost } = gathered.current;
      const since = performance.now() - RATE_OVER_MS;
      seen.current = seen.current.filter(({ at }) => at >= since);
      setRate(seen.current.reduce((sum, { count }) => sum + count, 0) / (RATE_OVER_MS / 1_000));
      if (rows.length === 0 && lost === 0) return;
      gathered.current = { rows: [], lost: 0 };
      setState((before) => arrive(before, rows, lost, current.current.following));
    }, DRAW_EVERY_MS);
    return () => clearInterval(timer);
  }, []);

  const past = usePast(history, filter, setState, gathered);
  return {
    state,
    rate,
    connection: subscription === undefined ? 'off' : socket === 'idle' ? 'connecting' : socket,
    refused,
    gap,
    ...past,
    show: useCallback(() => setState(release), []),
    clear: useCallback(() => {
      gathered.current = { rows: [], lost: 0 };
      setGap(false);
      setState(emptyTail);
    }, []),
  };
}

/** The past, page by page; it begins again when another filter is wanted. */
function usePast(
  history: TailHistory | undefined,
  filter: TailFilter,
  setState: (change: (before: TailState) => TailState) => void,
  gathered: { current: { rows: LogRow[]; lost: number } },
): Pick<Tail, 'past' | 'loadOlder'> {
  const [past, setPast] = useState<Tail['past']>({ loading: history !== undefined, more: false });
  const [context, setContext] = useState('');
  const aborter = useRef<AbortController>(undefined);
  const key = JSON.stringify(filter);
  const load = useCallback(
    async (from: string) => {
      if (history === undefined) return;
      aborter.current?.abort();
      const mine = new AbortController();
      aborter.current = mine;
      setPast((before) => ({ ...before, loading: true, error: undefined }));
      try {
        const page = await history(from, JSON.parse(key) as TailFilter, mine.signal);
        if (mine.signal.aborted) return;
        setState((before) => older(before, page.Rows.toReversed()));
        setContext(page.Context);
        setPast({ loading: false, more: page.Context !== '', since: page.CompleteSince });
      } catch (error) {
        if (!mine.signal.aborted) setPast((before) => ({ ...before, loading: false, error }));
      }
    },
    [history, key, setState],
  );
  useEffect(() => {
    setState(() => emptyTail);
    gathered.current = { rows: [], lost: 0 };
    void load('');
    return () => aborter.current?.abort();
  }, [load, setState, gathered]);
  return { past, loadOlder: () => void load(context) };
}
