// Why devices were not made. The platform says the best known reasons in the vendor's fixed words; here are sentences.
import type { text } from './texts';

const known = {
  'hub create device timeout': 'result.hub',
  'normal device license limit': 'result.normal',
  'bluetooth device license limit': 'result.bluetooth',
  'video device license limit': 'result.video',
} as const;

/** The reason with its known words put into sentences. */
export function reasonOf(reason: string, t: typeof text): string {
  const found = Object.entries(known).find(([words]) => reason.includes(words));
  if (!found) return reason;
  const [words, key] = found;
  return reason === words ? t(key) : `${reason.replace(words, '').replace(/[\s:：]+$/, '')}: ${t(key)}`;
}
