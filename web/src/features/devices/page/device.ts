import type { Answer } from '../../../api';
import type { ThingModel } from '../../../kit';

/** Which device. */
export interface DeviceKey {
  ProductId: string;
  DeviceName: string;
}

/** What every tab of a device's page is given. */
export interface DeviceView extends DeviceKey {
  state: Answer<'DescribeDeviceState'>;
  /** Nothing until it has been read; empty for a product without one. */
  model: ThingModel | undefined;
}

/** The names alone, as operations want them. */
export const keyOf = ({ ProductId, DeviceName }: DeviceKey): DeviceKey => ({ ProductId, DeviceName });
