import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { pemProblem, proofName, validity } from './proof';
import { sha256 } from './sha256';

describe('the name of a proof', () => {
  it('is the SHA-256 of the account’s number behind iothub_', () => {
    expect(proofName('100000000001')).toBe(createHash('sha256').update('iothub_100000000001').digest('hex'));
  });

  it('is right for texts of any length', () => {
    for (const text of ['', 'abc', 'x'.repeat(55), 'x'.repeat(56), 'x'.repeat(64), '驿站'.repeat(50)]) {
      expect(sha256(text)).toBe(createHash('sha256').update(text).digest('hex'));
    }
  });
});

describe('a pasted certificate', () => {
  const one = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

  it('is one certificate', () => {
    expect(pemProblem(one)).toBeUndefined();
    expect(pemProblem('MIIB')).toBe('none');
    expect(pemProblem(one + one)).toBe('many');
  });

  it('is never sent with a private key', () => {
    expect(pemProblem(`${one}-----BEGIN RSA PRIVATE KEY-----\n`)).toBe('key');
  });
});

describe('a certificate', () => {
  it('says a month ahead that it ends', () => {
    const day = 86_400;
    const times = { EffectiveTime: 10 * day, ExpireTime: 100 * day };
    expect([9, 10, 80, 100].map((now) => validity(times, now * day * 1000))).toEqual([
      'early',
      'fine',
      'soon',
      'over',
    ]);
  });
});
