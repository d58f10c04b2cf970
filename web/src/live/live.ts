// One WebSocket for the whole tab, with as many subscriptions as the pages need. It connects when somebody subscribes,
// connects again after a loss (sooner at first, later less often), and tells each subscriber what was lost.
import { create } from 'zustand';

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
  /** The subscription works from now on; again after each reconnection. */
  ready?: () => void;
  /** The server does not allow it, or no longer. */
  refused?: (code: string, message: string) => void;
}

type State = 'idle' | 'connecting' | 'open' | 'lost';

/** How the connection is; the shell shows when it is lost. */
export const useLiveState = create<{ state: State }>(() => ({ state: 'idle' }));

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;

interface Entry {
  subscription: Subscription;
  watcher: Watcher;
}

const entries = new Map<number, Entry>();
let next = 1;
let socket: WebSocket | undefined;
let retryMs = FIRST_RETRY_MS;
let retry: ReturnType<typeof setTimeout> | undefined;

function say(id: number, body: object): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ Id: id, ...body }));
}

function connect(): void {
  if (socket || entries.size === 0) return;
  useLiveState.setState({ state: 'connecting' });
  const address = new URL('/api/v1/live', location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  const opened = new WebSocket(address);
  socket = opened;
  opened.onopen = () => {
    retryMs = FIRST_RETRY_MS;
    useLiveState.setState({ state: 'open' });
    for (const [id, { subscription }] of entries) say(id, { Subscribe: subscription });
  };
  opened.onmessage = (message) => take(String(message.data));
  opened.onclose = () => {
    socket = undefined;
    if (entries.size === 0) {
      useLiveState.setState({ state: 'idle' });
      return;
    }
    useLiveState.setState({ state: 'lost' });
    clearTimeout(retry);
    retry = setTimeout(connect, retryMs * (0.75 + Math.random() / 2));
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  };
}

interface ServerMessage {
  Id: number;
  Ready?: object;
  Refused?: { Code: string; Message: string };
  Ended?: { Code: string; Message: string };
  Events?: LiveEvent[];
  Lost?: number;
}

function take(text: string): void {
  const message = JSON.parse(text) as ServerMessage;
  const watcher = entries.get(message.Id)?.watcher;
  if (!watcher) return;
  if (message.Ready) watcher.ready?.();
  if (message.Events || message.Lost) watcher.events(message.Events ?? [], message.Lost ?? 0);
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
  if (socket) say(id, { Subscribe: subscription });
  else connect();
  return () => {
    if (!entries.delete(id)) return;
    say(id, { Unsubscribe: {} });
    if (entries.size === 0) {
      clearTimeout(retry);
      socket?.close();
    }
  };
}
