export { ApiFailure, UNREACHABLE, call, send, useRecordedCalls, forgetRecordedCalls } from './call';
export type { Answer, OperationName, Request } from './call';
export { useChange, useOperation, useOperations, useRefresh } from './hooks';
export { loadSession, signOut, takeSession, useMay, useSession } from './session';
export type { SignedIn } from './session';
