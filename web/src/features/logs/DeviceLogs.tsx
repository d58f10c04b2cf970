// All logs of one device, for its page: live, with the last day before it.
import { useCallback, useMemo, useState } from 'react';

import { everything, kinds, LiveTail, type TailFilter, type TailHistory } from '../../kit';
import { ExportButton } from './ExportButton';
import { pageOf, type LogScope } from './history';

export function DeviceLogs({
  productId,
  deviceName,
  height,
}: {
  productId: string;
  deviceName: string;
  height?: string;
}) {
  const [filter, setFilter] = useState<TailFilter>(everything);
  const scope = useMemo<LogScope>(
    () => ({ product: productId, device: deviceName }),
    [productId, deviceName],
  );
  const history = useCallback<TailHistory>(
    (context, wanted, signal) => pageOf(scope, wanted, context, signal),
    [scope],
  );
  return (
    <LiveTail
      key={`${productId}/${deviceName}`}
      subscription={{ Kind: 'Device', ProductId: productId, DeviceName: deviceName, What: [...kinds] }}
      history={history}
      filter={filter}
      onFilter={(change) => setFilter((before) => ({ ...before, ...change }))}
      offered={kinds}
      extra={<ExportButton scope={scope} filter={filter} />}
      height={height}
    />
  );
}
