// Why devices were not made. The platform says the reasons in the vendor's fixed words or in its own; here are sentences
// for those that are known, in the language of the console. What is not known stands as it was said.
import type { text } from './texts';

type Say = typeof text;

const fixed = {
  'hub create device timeout': 'result.hub',
  'normal device license limit': 'result.normal',
  'bluetooth device license limit': 'result.bluetooth',
  'video device license limit': 'result.video',
  'the product has a device with this name already': 'result.there',
} as const;

const patterns: [RegExp, (found: RegExpExecArray, t: Say) => string][] = [
  [
    /^(\d+) of (\d+) devices were not made; the first one: (.*)$/s,
    ([, short = '', wanted = '', reason = ''], t) =>
      t('result.summary', { short, wanted, reason: reasonOf(reason, t) }),
  ],
  [/^the name stands in row (\d+) already$/, ([, row = ''], t) => t('result.twice', { row })],
  [/^a device name has 1 to 48 characters/, (_, t) => t('result.form')],
];

export function reasonOf(reason: string, t: Say): string {
  if (Object.hasOwn(fixed, reason)) return t(fixed[reason as keyof typeof fixed]);
  for (const [pattern, say] of patterns) {
    const found = pattern.exec(reason);
    if (found) return say(found, t);
  }
  return reason;
}
