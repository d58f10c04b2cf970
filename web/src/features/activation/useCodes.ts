// The activation codes of the account, put together from what the operations say of each instance.
import { useOperation, useOperations } from '../../api';
import { codesOf, type Codes } from './codes';

/** What says something about pools: asked again when one comes or goes. */
export const ABOUT_POOLS = [
  'DescribeLicensePools',
  'DescribeLicenseOverview',
  'DescribeActivateDevice',
  'DescribeActivateLicenseService',
] as const;

export interface AccountCodes {
  codes: Codes | undefined;
  instances: string[];
  loading: boolean;
  error: unknown;
}

export function useCodes(enabled = true): AccountCodes {
  const list = useOperation('DescribeInstances', {}, { enabled });
  const instances = list.data?.Instances.map((instance) => instance.InstanceId) ?? [];
  const requests = instances.map((InstanceId) => ({ InstanceId }));
  const [first] = requests;
  // The counts are those of the account, whichever of its instances is asked.
  const counted = useOperation(
    'DescribeActivateDevice',
    { InstanceId: first?.InstanceId ?? '' },
    { enabled: enabled && first !== undefined },
  );
  const pools = useOperations('DescribeLicensePools', requests, { enabled });
  const overviews = useOperations('DescribeLicenseOverview', requests, { enabled });
  const answers = [list, counted, ...pools, ...overviews];
  const details = counted.data?.Data.DeviceActivationDetails;
  const known = details !== undefined && answers.every((answer) => answer.data !== undefined);
  return {
    codes: known
      ? codesOf(
          details,
          pools.flatMap((answer) => answer.data?.Pools ?? []),
          overviews.flatMap((answer) => answer.data?.Data ?? []),
        )
      : undefined,
    instances,
    loading: answers.some((answer) => answer.isPending),
    error: answers.find((answer) => answer.error)?.error,
  };
}
