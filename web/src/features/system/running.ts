// The jobs that run now. They are asked for often while some run, and now and then otherwise, because another person or
// another tab may start one.
import { useEffect, useRef } from 'react';

import { useOperation, useRefresh, type Answer, type OperationName } from '../../api';

export type Job = Answer<'DescribeJobs'>['Jobs'][number];

const OFTEN = 1_500;
const SELDOM = 30_000;
const SHOWN = 20;

export const isRunning = (job: Job) => job.State === 'running';

/** The newest jobs, with how far they are. */
export function useNewestJobs(enabled = true): { jobs: Job[]; total: number } {
  const request = { Limit: SHOWN };
  const seldom = useOperation('DescribeJobs', request, { enabled, every: SELDOM });
  const some = seldom.data?.Jobs.some(isRunning) ?? false;
  const often = useOperation('DescribeJobs', request, { enabled: enabled && some, every: OFTEN });
  const data = often.data ?? seldom.data;
  return { jobs: data?.Jobs ?? [], total: data?.Total ?? 0 };
}

/** Those that run; when one of them ends, the answers of these operations are read again. */
export function useRunningJobs(stale: OperationName[] = []): Job[] {
  const running = useNewestJobs().jobs.filter(isRunning);
  const refresh = useRefresh();
  const before = useRef(0);
  useEffect(() => {
    if (running.length < before.current) void refresh(...stale);
    before.current = running.length;
  });
  return running;
}
