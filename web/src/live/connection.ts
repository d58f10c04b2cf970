// The two ways to the server's live messages: a WebSocket, and server-sent events for where a proxy lets none through.
// An event stream cannot be spoken to, so another subscription means another stream.
import { loadSession } from '../api';
import { languageTag } from '../texts/i18n';

/** What the server says. */
export interface Spoken {
  Id: number;
  Ready?: { Time?: number; NotFilled?: string[] };
  Refused?: { Code: string; Message: string };
  Ended?: { Code: string; Message: string };
  Events?: unknown[];
  Lost?: number;
}

/** What a connection asks of and tells its owner. */
export interface Owner {
  /** Everything that is to be watched now. */
  wanted: () => { id: number; request: object }[];
  opened: () => void;
  said: (message: Spoken) => void;
  /** Once, however it ended; not after `close`. */
  closed: () => void;
}

export interface Connection {
  subscribe: (id: number, request: object) => void;
  unsubscribe: (id: number) => void;
  close: () => void;
}

export function openSocket(owner: Owner): Connection {
  const address = new URL('/api/v1/live', location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(address);
  const say = (id: number, body: object) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ Id: id, ...body }));
  };
  socket.onopen = () => {
    owner.opened();
    for (const { id, request } of owner.wanted()) say(id, { Subscribe: request });
  };
  socket.onmessage = (message) => owner.said(JSON.parse(String(message.data)) as Spoken);
  socket.onclose = () => owner.closed();
  return {
    subscribe: (id, request) => say(id, { Subscribe: request }),
    unsubscribe: (id) => say(id, { Unsubscribe: {} }),
    close: () => {
      socket.onclose = null;
      socket.onmessage = null;
      socket.close();
    },
  };
}

/** Pages subscribe and go in quick succession; one stream is made for all of it. */
const SETTLE_MS = 80;

export function openStream(owner: Owner): Connection {
  let aborter = new AbortController();
  let settling: ReturnType<typeof setTimeout> | undefined;
  let over = false;
  const end = () => {
    if (over) return;
    over = true;
    clearTimeout(settling);
    aborter.abort();
    owner.closed();
  };
  const start = () => {
    aborter.abort();
    aborter = new AbortController();
    void read(owner, aborter.signal).then(
      (aborted) => aborted || end(),
      () => end(),
    );
  };
  const restart = () => {
    clearTimeout(settling);
    settling = setTimeout(start, SETTLE_MS);
  };
  restart();
  return {
    subscribe: restart,
    unsubscribe: restart,
    close: () => {
      over = true;
      clearTimeout(settling);
      aborter.abort();
    },
  };
}

/** Reads one stream to its end; true if it was given up on purpose. */
async function read(owner: Owner, signal: AbortSignal): Promise<boolean> {
  const wanted = owner.wanted();
  if (wanted.length === 0) return true;
  const asked = encodeURIComponent(JSON.stringify(wanted.map(({ request }) => request)));
  try {
    const response = await fetch(`/api/v1/live/events?Subscribe=${asked}`, {
      signal,
      credentials: 'same-origin',
      headers: { 'X-Yizhan': 'console', 'Accept-Language': languageTag() },
    });
    // Whoever is signed out is shown that, instead of a connection that never comes.
    if (response.status === 401) void loadSession();
    if (!response.ok || !response.body) return false;
    owner.opened();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return signal.aborted;
      const { messages, left } = messagesIn(rest + value);
      rest = left;
      for (const message of messages) {
        const id = wanted[message.Id - 1]?.id;
        if (id !== undefined && !signal.aborted) owner.said({ ...message, Id: id });
      }
    }
  } catch {
    return signal.aborted;
  }
}

/** The whole messages in what was read of an event stream, and what is left of it. */
export function messagesIn(text: string): { messages: Spoken[]; left: string } {
  const blocks = text.split('\n\n');
  const left = blocks.pop() ?? '';
  const messages = blocks
    .filter((block) => block.startsWith('data: '))
    .map((block) => JSON.parse(block.slice('data: '.length)) as Spoken);
  return { messages, left };
}
