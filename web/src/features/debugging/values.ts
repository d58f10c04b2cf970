// A device's last reported values, as forms show them.
import { useOperation } from '../../api';
import type { Values } from '../../kit';

/** The values by property; read again every few seconds. */
export function usePresentValues(product: string, device: string): { values: Values; refresh: () => void } {
  const read = useOperation(
    'DescribeDeviceData',
    { ProductId: product, DeviceName: device },
    { every: 5_000 },
  );
  return { values: valuesOf(read.data?.Data), refresh: () => void read.refetch() };
}

/** Each property's value out of the answer's JSON. */
export function valuesOf(data: string | undefined): Values {
  try {
    const read = JSON.parse(data || '{}') as Record<string, { Value?: unknown }>;
    return Object.fromEntries(Object.entries(read).map(([id, { Value }]) => [id, Value]));
  } catch {
    return {};
  }
}

/** JSON text as values; nothing of what is no object. */
export function parsedValues(text: string): Values {
  try {
    const read = JSON.parse(text || '{}') as unknown;
    return typeof read === 'object' && read !== null && !Array.isArray(read) ? (read as Values) : {};
  } catch {
    return {};
  }
}
