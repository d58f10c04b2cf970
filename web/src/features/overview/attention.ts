// What should be looked at, as the pages of this part show it.
import { useOperation, type Answer } from '../../api';
import type { Tone } from '../../kit';

export type Item = Answer<'DescribeAttention'>['Items'][number];

const EVERY_MS = 60_000;

/** Asks again once a minute. */
export function useAttention(enabled = true) {
  return useOperation('DescribeAttention', {}, { every: EVERY_MS, enabled });
}

export const toneOf: Record<Item['Severity'], Tone> = { critical: 'bad', warning: 'warn', notice: 'plain' };
