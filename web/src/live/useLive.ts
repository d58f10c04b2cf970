import { useEffect, useRef } from 'react';

import { watch, type Subscription, type Watcher } from './live';

/** Watches while the component is there; nothing without a subscription. Handlers may change from one drawing to the next. */
export function useLive(subscription: Subscription | undefined, watcher: Watcher): void {
  const latest = useRef(watcher);
  useEffect(() => {
    latest.current = watcher;
  });
  const key = subscription === undefined ? '' : JSON.stringify(subscription);
  useEffect(() => {
    if (key === '') return undefined;
    return watch(JSON.parse(key) as Subscription, {
      events: (events, lost) => latest.current.events(events, lost),
      ready: (notFilled) => latest.current.ready?.(notFilled),
      refused: (code, message) => latest.current.refused?.(code, message),
    });
  }, [key]);
}
