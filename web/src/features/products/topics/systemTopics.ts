// The platform's own topics, by the part of the platform that they belong to. Pure.

export const GROUPS = [
  'property',
  'event',
  'action',
  'service',
  'raw',
  'sys',
  'rrpc',
  'broadcast',
  'log',
  'ota',
  'gateway',
  'shadow',
  'config',
  'resource',
  'call',
  'other',
] as const;
export type Group = (typeof GROUPS)[number];

/** The beginnings of topics, the longer ones first. */
const beginnings: readonly [RegExp, Group][] = [
  [/^\$thing\/(up|down)\/property\//, 'property'],
  [/^\$thing\/(up|down)\/event\//, 'event'],
  [/^\$thing\/(up|down)\/action\//, 'action'],
  [/^\$thing\/(up|down)\/service\//, 'service'],
  [/^\$thing\/(up|down)\/raw\//, 'raw'],
  [/^\$sys\//, 'sys'],
  [/^\$(iot)?rrpc\//, 'rrpc'],
  [/^\$broadcast\//, 'broadcast'],
  [/^\$log\//, 'log'],
  [/^\$ota\//, 'ota'],
  [/^\$gateway\//, 'gateway'],
  [/^\$(shadow|template)\//, 'shadow'],
  [/^\$config\//, 'config'],
  [/^\$resource\//, 'resource'],
  [/^\$twecall\//, 'call'],
];

/** Whether a topic is the platform's own. */
export function isSystem(topic: string): boolean {
  return topic.startsWith('$');
}

/** The part of the platform that a topic belongs to. */
export function groupOf(topic: string): Group {
  return beginnings.find(([beginning]) => beginning.test(topic))?.[1] ?? 'other';
}

/** Topics by group, in the order of the groups; groups without topics are left out. */
export function grouped<T extends { TopicName: string }>(
  topics: readonly T[],
): { group: Group; topics: T[] }[] {
  return GROUPS.map((group) => ({
    group,
    topics: topics.filter((topic) => groupOf(topic.TopicName) === group),
  })).filter(({ topics: members }) => members.length > 0);
}

/** What is wrong with what follows the device's name in a topic of one's own. */
export type Fault = 'empty' | 'level' | 'wildcard';

export function faultOf(suffix: string): Fault | undefined {
  const levels = suffix.split('/');
  if (suffix === '') return 'empty';
  if (levels.some((level) => level === '')) return 'level';
  const misplaced = levels.some(
    (level, index) =>
      (level.includes('#') && (level !== '#' || index < levels.length - 1)) ||
      (level.includes('+') && level !== '+'),
  );
  return misplaced ? 'wildcard' : undefined;
}
