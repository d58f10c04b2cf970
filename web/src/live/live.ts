// One connection for the whole tab, with as many subscriptions as the pages need. It connects when somebody subscribes,
// connects again after a loss (sooner at first, later less often) and goes on where it was: the server fills in what
// was missed of a device, and says what it cannot. Where WebSockets do not get through, the same messages come as
// server-sent events.
import { create } from 'zustand';

import { openSocket, openStream, type Connection, type Spoken } from './connection';

/** What to watch. */
export interface Subscription {
  Kind: 'Device' | 'Product' | 'Project' | 'Overview' | 'Jobs';
  ProductId?: string;
  DeviceName?: string;
  ProjectId?: string;
  What?: string[];
}

/** Something that happened. Members beside these depend on `What`. */
export interface LiveEvent {
  Time: number;
  What: string;
  ProductId?: string;
  DeviceName?: string;
  [member: string]: unknown;
}

/** What a subscriber is told. */
export interface Watcher {
  /** New events, and how many more there were that could not be shown. */
  events: (events: LiveEvent[], lost: number) => void;
  /** The subscription works from now on; again after each reconnection, with the kinds of which something is missing. */
  ready?: (notFilled: string[]) => void;
  /** The server does not allow it, or no longer. */
  refused?: (code: string, message: string) => void;
}

type State = 'idle' | 'connecting' | 'open' | 'lost';

/** How the connection is; the shell shows when it is lost. */
export const useLiveState = create<{ state: State }>(() => ({ state: 'idle' }));

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;
/** WebSockets that fail in a row before the other way is tried. */
const SOCKETS_TRIED = 2;

interface Entry {
  subscription: Subscription;
  watcher: Watcher;
  /** The last event that was seen of it. */
  last?: { Time: number; Seq?: string };
}

const entries = new Map<number, Entry>();
let next = 1;
let connection: Connection | undefined;
let retryMs = FIRST_RETRY_MS;
let retry: ReturnType<typeof setTimeout> | undefined;
let failedSockets = 0;

function requestOf({ subscription, last }: Entry): object {
  return last === undefined ? subscription : { ...subscription, After: last };
}

function connect(): void {
  if (connection || entries.size === 0) return;
  useLiveState.setState({ state: 'connecting' });
  const open = failedSockets >= SOCKETS_TRIED ? openStream : openSocket;
  let worked = false;
  connection = open({
    wanted: () => [...entries].map(([id, entry]) => ({ id, request: requestOf(entry) })),
    opened: () => {
      worked = true;
      failedSockets = open === openSocket ? 0 : failedSockets;
      retryMs = FIRST_RETRY_MS;
      useLiveState.setState({ state: 'open' });
    },
    said: take,
    closed: () => {
      connection = undefined;
      if (!worked && open === openSocket) failedSockets += 1;
      // A stream that never came is no better than a socket: the next turn tries that again.
      if (!worked && open === openStream) failedSockets = 0;
      again();
    },
  });
}

function again(): void {
  clearTimeout(retry);
  if (entries.size === 0) {
    useLiveState.setState({ state: 'idle' });
    return;
  }
  useLiveState.setState({ state: 'lost' });
  retry = setTimeout(connect, retryMs * (0.75 + Math.random() / 2));
  retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
}

function take(message: Spoken): void {
  const entry = entries.get(message.Id);
  if (!entry) return;
  const { watcher } = entry;
  if (message.Ready) {
    entry.last ??= { Time: message.Ready.Time ?? Date.now() };
    watcher.ready?.(message.Ready.NotFilled ?? []);
  }
  if (message.Events || message.Lost) {
    const events = (message.Events ?? []) as LiveEvent[];
    const last = events.at(-1);
    if (last) entry.last = { Time: last.Time, Seq: typeof last.Seq === 'string' ? last.Seq : undefined };
    watcher.events(events, message.Lost ?? 0);
  }
  const end = message.Refused ?? message.Ended;
  if (end) {
    entries.delete(message.Id);
    watcher.refused?.(end.Code, end.Message);
  }
}

/** Watches until the returned function is called. */
export function watch(subscription: Subscription, watcher: Watcher): () => void {
  const id = next++;
  entries.set(id, { subscription, watcher });
  if (connection) connection.subscribe(id, subscription);
  else if (useLiveState.getState().state !== 'lost') connect();
  return () => {
    if (!entries.delete(id)) return;
    connection?.unsubscribe(id);
    if (entries.size === 0) {
      clearTimeout(retry);
      connection?.close();
      connection = undefined;
      useLiveState.setState({ state: 'idle' });
    }
  };
}
