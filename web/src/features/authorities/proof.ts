// How one proves to hold the key of a certificate authority: with a certificate that it signed, whose common name nobody
// would have by chance. Pure.
import { sha256 } from './sha256';

/** The common name that the proof of a root account has. */
export function proofName(account: string): string {
  return sha256(`iothub_${account}`);
}

/** What makes the proof, out of the authority's certificate and key. */
export function proofCommands(account: string): string {
  return [
    'openssl req -new -newkey rsa:2048 -nodes -keyout proof.key -out proof.csr \\',
    `  -subj "/CN=${proofName(account)}"`,
    'openssl x509 -req -in proof.csr -CA ca.pem -CAkey ca.key -CAcreateserial \\',
    '  -days 1 -out proof.pem',
  ].join('\n');
}

const BEGIN = '-----BEGIN CERTIFICATE-----';
const END = '-----END CERTIFICATE-----';

export type PemProblem = 'key' | 'none' | 'many';

/** What is wrong with a text that should be one certificate in PEM. A private key must never be sent. */
export function pemProblem(text: string): PemProblem | undefined {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return 'key';
  const certificates = text.split(BEGIN).length - 1;
  if (certificates > 1) return 'many';
  return certificates === 1 && text.indexOf(END) > text.indexOf(BEGIN) ? undefined : 'none';
}

/** How long a certificate still holds, in words for its colour. */
export function validity(
  { EffectiveTime, ExpireTime }: { EffectiveTime: number; ExpireTime: number },
  now: number,
): 'early' | 'over' | 'soon' | 'fine' {
  const SOON_MS = 30 * 24 * 60 * 60 * 1000;
  if (now < EffectiveTime * 1000) return 'early';
  if (now >= ExpireTime * 1000) return 'over';
  return ExpireTime * 1000 - now < SOON_MS ? 'soon' : 'fine';
}
