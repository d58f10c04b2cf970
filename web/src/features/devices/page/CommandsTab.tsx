import { CommandList } from './CommandList';
import type { DeviceView } from './device';

/** All that the device was told, the newest first. */
export default function CommandsTab({ view }: { view: DeviceView }) {
  return <CommandList view={view} limit={100} />;
}
