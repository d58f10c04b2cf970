// How many devices may still be made by an account's activation codes. Pure, as the server counts: a kind of which the
// account has no pool is not limited; what goes beyond the pools of normal or Bluetooth codes takes free ones.

/** The kinds that devices use up; any other is one of an added service. */
export const DEVICE_KINDS = ['normal', 'bluetooth', 'free', 'video'] as const;
export type DeviceKind = (typeof DEVICE_KINDS)[number];

export const isDeviceKind = (kind: string): kind is DeviceKind =>
  (DEVICE_KINDS as readonly string[]).includes(kind);

export interface CodeUse {
  /** Undefined where the account has no pool of the kind: nothing is limited. */
  total: number | undefined;
  used: number;
}

/** The activation codes of an account. */
export type Codes = Record<DeviceKind, CodeUse>;

const bluetooth = new Set(['ble', 'sub_ble', 'sub_blemesh']);

/** Which codes devices of this net type take. */
export function kindFor(netType: string): 'normal' | 'bluetooth' {
  return bluetooth.has(netType) ? 'bluetooth' : 'normal';
}

/** How many more devices of a kind may be made; undefined where nothing limits them. */
export function left(codes: Codes, kind: 'normal' | 'bluetooth'): number | undefined {
  const own = rest(codes[kind]);
  return own === undefined ? undefined : own + (rest(codes.free) ?? 0);
}

/** What is left of one kind of codes alone. */
export function rest({ total, used }: CodeUse): number | undefined {
  return total === undefined ? undefined : Math.max(0, total - used);
}

interface Counted {
  TotalNormalLicense: number;
  UsedNormalLicense: number;
  TotalBluetoothLicense: number;
  UsedBluetoothLicense: number;
  TotalFreeLicense: number;
  UsedFreeLicense: number;
}

interface PoolUse {
  LicenseType: string;
  ActivationLicense: readonly { TotalLicenseNum: number; UsedLicenseNum: number }[];
}

/**
 * Puts together what three answers say: the account's counts, the kinds of which any instance has a pool (one that has
 * ended still limits), and what is used of the video codes in each instance.
 */
export function codesOf(
  counted: Counted,
  pools: readonly { LicenseType: string }[],
  overviews: readonly PoolUse[],
): Codes {
  const kinds = new Set(pools.map((pool) => pool.LicenseType));
  const counts = (kind: DeviceKind, total: number, used: number): CodeUse => ({
    total: kinds.has(kind) ? total : undefined,
    used,
  });
  const video = overviews.filter((it) => it.LicenseType === 'video').flatMap((it) => it.ActivationLicense);
  const sum = (values: number[]) => values.reduce((all, value) => all + value, 0);
  return {
    normal: counts('normal', counted.TotalNormalLicense, counted.UsedNormalLicense),
    bluetooth: counts('bluetooth', counted.TotalBluetoothLicense, counted.UsedBluetoothLicense),
    free: counts('free', counted.TotalFreeLicense, counted.UsedFreeLicense),
    video: counts(
      'video',
      sum(video.map((it) => it.TotalLicenseNum)),
      sum(video.map((it) => it.UsedLicenseNum)),
    ),
  };
}
