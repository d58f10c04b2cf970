// Rows of logs as they happen, with what came before. The tail itself comes when the first one is shown.
import { Skeleton } from 'antd';
import { lazy, Suspense, type ReactNode } from 'react';

import type { Subscription } from '../../live';
import type { Kind, TailFilter } from './row';
import type { TailHistory } from './useTail';

export interface LiveTailProps {
  /** What to watch; without it only the past is shown. */
  subscription?: Subscription;
  /** Where the past comes from; without it the tail begins now. Must stay the same from drawing to drawing. */
  history?: TailHistory;
  /** What narrows it down, if the page keeps that; otherwise the tail does. */
  filter?: TailFilter;
  onFilter?: (change: Partial<TailFilter>) => void;
  /** The kinds that can be chosen among. */
  offered?: readonly Kind[];
  /** Whether rows name their device. */
  devices?: boolean;
  /** Height of the list, as CSS has it. */
  height?: string;
  /** Further controls. */
  extra?: ReactNode;
  /** Shown where there is nothing. */
  empty?: ReactNode;
}

const View = lazy(() => import('./LiveTailView'));

export function LiveTail(props: LiveTailProps) {
  return (
    <Suspense fallback={<Skeleton active paragraph={{ rows: 8 }} />}>
      <View {...props} />
    </Suspense>
  );
}
