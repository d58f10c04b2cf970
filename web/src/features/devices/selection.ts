// The filter of the list as the address holds it, and as the operations want it.
import type { Request } from '../../api';

export type Selection = Request<'SearchDevices'>['Selection'];
export type SelectedState = NonNullable<NonNullable<Selection['States']>[number]>;

/** What the address holds; all of it is text. */
export interface Filter {
  product: string;
  state: string;
  find: string;
  tag: string;
  transport: string;
  firmware: string;
}

/** A filter that lets all pass. */
export const NO_FILTER: Filter = {
  product: '',
  state: '',
  find: '',
  tag: '',
  transport: '',
  firmware: '',
};

/** Tags out of `key=value;key=value`; what is typed without a value finds every value. */
export function readTags(text: string): { Key: string; Value: string }[] {
  return text
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      return at < 0
        ? { Key: pair, Value: '' }
        : { Key: pair.slice(0, at).trim(), Value: pair.slice(at + 1).trim() };
    })
    .filter(({ Key }) => Key !== '');
}

/** What the operations are asked with. */
export function selectionOf(filter: Filter, project: string): Selection {
  const given = (text: string) => text.trim() || undefined;
  const states = filter.state.split(',').filter((state) => state !== '');
  const tags = readTags(filter.tag);
  return {
    ProductId: given(filter.product),
    ProjectId: filter.product ? undefined : given(project),
    NamePart: given(filter.find),
    States: states.length > 0 ? (states as SelectedState[]) : undefined,
    Tags: tags.length > 0 ? tags : undefined,
    Transport: given(filter.transport),
    FirmwareVersion: given(filter.firmware),
  };
}

/** A row's key, and the device that it means. */
export const keyOf = (device: { ProductId: string; DeviceName: string }) =>
  `${device.ProductId}/${device.DeviceName}`;

export function named(keys: readonly string[]): Selection {
  return {
    Devices: keys.map((key) => {
      const at = key.indexOf('/');
      return { ProductId: key.slice(0, at), DeviceName: key.slice(at + 1) };
    }),
  };
}
