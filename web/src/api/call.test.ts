import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { ApiFailure, call, forgetRecordedCalls, onSignedOut, UNREACHABLE, useRecordedCalls } from './call';

function answers(status: number, body: string): void {
  vi.stubGlobal('fetch', vi.fn().mockResolvedValue(new Response(body, { status })));
}

beforeEach(forgetRecordedCalls);
afterEach(() => vi.unstubAllGlobals());

test('a refusal carries the code, the sentence, the request and what else the server says', async () => {
  answers(429, '{"Error":{"Code":"LimitExceeded","Message":"later","RetryAfter":30},"RequestId":"r1"}');
  const failure = await call('GetProjectList', {}).catch((error: unknown) => error as ApiFailure);
  expect(failure).toBeInstanceOf(ApiFailure);
  expect(failure).toMatchObject({ code: 'LimitExceeded', message: 'later', status: 429, requestId: 'r1' });
  expect((failure as ApiFailure).details).toEqual({ RetryAfter: 30 });
});

test("an answer that is not the server's, and none at all, say that it cannot be reached", async () => {
  answers(502, '<html>bad gateway</html>');
  await expect(call('GetProjectList', {})).rejects.toMatchObject({ code: UNREACHABLE, status: 502 });
  vi.stubGlobal('fetch', vi.fn().mockRejectedValue(new TypeError('network')));
  await expect(call('GetProjectList', {})).rejects.toMatchObject({ code: UNREACHABLE, status: 0 });
});

test('whoever is no longer known is signed out', async () => {
  const out = vi.fn();
  onSignedOut(out);
  answers(401, '{"Error":{"Code":"AuthFailure","Message":"who?"},"RequestId":"r"}');
  await expect(call('GetProjectList', {})).rejects.toThrow('who?');
  expect(out).toHaveBeenCalledOnce();
});

test('what a page asked is kept for showing it, the newest first and each operation once', async () => {
  answers(200, '{}');
  await call('GetProjectList', { Limit: 1 });
  answers(200, '{}');
  await call('DescribeInstances', {});
  answers(200, '{}');
  await call('GetProjectList', { Limit: 2 });
  expect(useRecordedCalls.getState().calls).toEqual([
    { name: 'GetProjectList', request: { Limit: 2 } },
    { name: 'DescribeInstances', request: {} },
  ]);
});
