// A product's thing model, and the values that a device reported last.
import { useMemo } from 'react';

import { useOperation } from '../../../api';
import { readModel, type ThingModel } from '../../../kit';
import { useLive } from '../../../live';
import { keyOf, type DeviceKey } from './device';

/** The model; a product without one has an empty one. */
export function useDeviceModel(productId: string): { data: ThingModel | undefined } {
  const { data, error } = useOperation('DescribeModelDefinition', { ProductId: productId });
  const define = data?.Model.ModelDefine;
  return useMemo(
    () => ({ data: define !== undefined || error ? readModel(define) : undefined }),
    [define, error],
  );
}

/** A value and when it was reported, in milliseconds. */
export interface Reported {
  Value: unknown;
  LastUpdate: number;
}

const EVERY_MS = 5_000;

/** The last values by identifier; read again when the device reports. */
export function useLastValues(device: DeviceKey): {
  values: Record<string, Reported>;
  error: unknown;
  loaded: boolean;
} {
  const { data, error, refetch } = useOperation('DescribeDeviceData', keyOf(device), { every: EVERY_MS });
  useLive(
    { Kind: 'Device', ...keyOf(device), What: ['Values'] },
    { events: () => void refetch({ cancelRefetch: false }) },
  );
  const text = data?.Data;
  const values = useMemo(() => read(text), [text]);
  return { values, error, loaded: data !== undefined };
}

function read(text: string | undefined): Record<string, Reported> {
  try {
    return JSON.parse(text || '{}') as Record<string, Reported>;
  } catch {
    return {};
  }
}
