import { describe, expect, it } from 'vitest';

import { codesOf, kindFor, left } from './codes';

const counted = {
  TotalNormalLicense: 10,
  UsedNormalLicense: 10,
  TotalBluetoothLicense: 0,
  UsedBluetoothLicense: 3,
  TotalFreeLicense: 5,
  UsedFreeLicense: 2,
};

describe('activation codes', () => {
  it('limit only the kinds of which there is a pool', () => {
    const codes = codesOf(counted, [{ LicenseType: 'normal' }], []);
    expect(left(codes, 'normal')).toBe(0);
    expect(left(codes, 'bluetooth')).toBeUndefined();
  });

  it('go on with free ones where the own are used up', () => {
    const codes = codesOf(counted, [{ LicenseType: 'normal' }, { LicenseType: 'free' }], []);
    expect(left(codes, 'normal')).toBe(3);
  });

  it('of a pool that has ended still limit', () => {
    const codes = codesOf(
      { ...counted, TotalNormalLicense: 0, UsedNormalLicense: 0 },
      [{ LicenseType: 'normal' }],
      [],
    );
    expect(left(codes, 'normal')).toBe(0);
  });

  it('for video are summed over the instances', () => {
    const one = { LicenseType: 'video', ActivationLicense: [{ TotalLicenseNum: 4, UsedLicenseNum: 4 }] };
    const codes = codesOf(counted, [{ LicenseType: 'video' }], [one, one]);
    expect(codes.video).toEqual({ total: 8, used: 8 });
  });

  it('of devices that are reached over Bluetooth are Bluetooth ones', () => {
    expect([kindFor('sub_blemesh'), kindFor('wifi')]).toEqual(['bluetooth', 'normal']);
  });
});
