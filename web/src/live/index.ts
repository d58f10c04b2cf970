export { useLiveState, watch } from './live';
export type { LiveEvent, Subscription, Watcher } from './live';
export { useLive } from './useLive';
