// Who is at the console and what this person may do. Pages ask `useMay`; the server decides in any case.
import { create } from 'zustand';

import { ApiFailure, onSignedOut, send, type OperationName } from './call';

/** The account that is signed in. */
export interface SignedIn {
  Uin: string;
  Name: string;
  Root: boolean;
  Owner?: string;
}

interface SessionAnswer {
  State: 'setup' | 'out' | 'in';
  Account?: SignedIn;
  Operator?: boolean;
  Operations?: string[];
  [member: string]: unknown;
}

interface Session {
  /** `unknown` until the server has answered; `unreachable` while it does not. */
  state: 'unknown' | 'unreachable' | 'setup' | 'out' | 'in';
  account?: SignedIn;
  operator: boolean;
  operations: ReadonlySet<string>;
  /** Everything the server said, for the pages about one's own account. */
  answer?: SessionAnswer;
}

export const useSession = create<Session>(() => ({
  state: 'unknown',
  operator: false,
  operations: new Set(),
}));

/** Takes over what the server says of the session. */
export function takeSession(answer: SessionAnswer): void {
  useSession.setState({
    state: answer.State,
    account: answer.Account,
    operator: answer.Operator ?? false,
    operations: new Set(answer.Operations ?? []),
    answer,
  });
}

/** Asks the server who is at the console. */
export async function loadSession(): Promise<void> {
  try {
    takeSession(await send<SessionAnswer>('GET', '/api/session'));
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    useSession.setState({ state: 'unreachable' });
  }
}

/** Ends the session. */
export async function signOut(): Promise<void> {
  await send('DELETE', '/api/session');
  takeSession({ State: 'out' });
}

onSignedOut(() => {
  if (useSession.getState().state === 'in') takeSession({ State: 'out' });
});

/** Whether some policy opens the operation to whoever is signed in. */
export function useMay(): (operation: OperationName) => boolean {
  const operations = useSession((session) => session.operations);
  return (operation) => operations.has('*') || operations.has(operation);
}
