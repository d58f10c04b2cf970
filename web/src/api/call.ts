// The one way in which the console asks the server for an operation. It has no knowledge of its own: names, requests
// and answers are those of the server's description (openapi.json).
import { create } from 'zustand';

import { languageTag } from '../texts/i18n';
import type { paths } from './schema';

/** The name of every operation. */
export type OperationName = keyof paths extends infer P ? (P extends `/${infer Name}` ? Name : never) : never;

type Post<N extends OperationName> = paths[`/${N}`] extends { post: infer Described } ? Described : never;

/** What an operation is asked with. */
export type Request<N extends OperationName> =
  Post<N> extends { requestBody: { content: { 'application/json': infer Body } } } ? Body : never;

/** What an operation answers. */
export type Answer<N extends OperationName> =
  Post<N> extends { responses: { 200: { content: { 'application/json': infer Body } } } } ? Body : never;

/** A refusal or a failure, in the server's words. */
export class ApiFailure extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
    readonly requestId: string,
    /** Further members of the error, such as how long to wait. */
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = 'ApiFailure';
  }
}

/** The code of a failure that is not the server's: nothing came back. */
export const UNREACHABLE = 'Unreachable';

interface Recorded {
  name: OperationName;
  request: unknown;
}

/** What the page that is shown has asked, for "show as API". */
export const useRecordedCalls = create<{ calls: Recorded[] }>(() => ({ calls: [] }));

const MOST_RECORDED = 24;

function record(name: OperationName, request: unknown): void {
  useRecordedCalls.setState(({ calls }) => {
    const others = calls.filter((call) => call.name !== name);
    return { calls: [{ name, request }, ...others].slice(0, MOST_RECORDED) };
  });
}

/** Another page begins. */
export function forgetRecordedCalls(): void {
  useRecordedCalls.setState({ calls: [] });
}

type Listener = () => void;
let whenOut: Listener = () => {};

/** Says what happens when the server no longer knows who asks. */
export function onSignedOut(listener: Listener): void {
  whenOut = listener;
}

/** Sends one request and reads its answer; failures are [`ApiFailure`]s. */
export async function send<T>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      signal,
      credentials: 'same-origin',
      headers: {
        'Content-Type': 'application/json',
        'X-Yizhan': 'console',
        'Accept-Language': languageTag(),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiFailure(UNREACHABLE, String(error), 0, '');
  }
  const text = await response.text();
  let answer: unknown;
  try {
    answer = text === '' ? {} : JSON.parse(text);
  } catch {
    throw new ApiFailure(UNREACHABLE, `HTTP ${response.status}`, response.status, '');
  }
  if (response.ok) return answer as T;
  throw failureOf(response.status, answer);
}

function failureOf(status: number, answer: unknown): ApiFailure {
  const { Error: error = {}, RequestId = '' } = (answer ?? {}) as {
    Error?: { Code?: string; Message?: string } & Record<string, unknown>;
    RequestId?: string;
  };
  const { Code = `HTTP ${status}`, Message = '', ...details } = error;
  return new ApiFailure(Code, Message, status, RequestId, details);
}

/** Asks the server for an operation. */
export async function call<N extends OperationName>(
  name: N,
  request: Request<N>,
  signal?: AbortSignal,
): Promise<Answer<N>> {
  record(name, request);
  try {
    return await send<Answer<N>>('POST', `/api/v1/${name}`, request, signal);
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 401) whenOut();
    throw error;
  }
}
