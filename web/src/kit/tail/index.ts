export { LiveTail } from './LiveTail';
export type { LiveTailProps } from './LiveTail';
export { everything, kinds } from './row';
export type { Kind, LogRow, TailFilter } from './row';
export type { TailHistory, TailPage } from './useTail';
