import { DeviceLogs } from '../../logs';
import type { DeviceView } from './device';

/** Everything that the logs have of the device, live and out of the past. */
export default function LogsTab({ view }: { view: DeviceView }) {
  return <DeviceLogs productId={view.ProductId} deviceName={view.DeviceName} height="60vh" />;
}
