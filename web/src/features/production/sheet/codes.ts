// The codes of a batch, out of the file that the factory is given. Everything else in it, the keys above all, is left
// where it is. Pure.
import { readCsv } from '../../../kit/csv';

export interface DeviceCode {
  /** Its place in the batch, from 1. */
  number: number;
  name: string;
  /** What the QR code says. */
  text: string;
}

/** The devices of a file that have a code. */
export function codesIn(file: string): DeviceCode[] {
  const [head, ...rows] = readCsv(file);
  const column = (name: string) => head?.fields.indexOf(name) ?? -1;
  const [name, text] = [column('DeviceName'), column('QR-code')];
  if (name < 0 || text < 0) return [];
  return rows
    .map(({ fields }, index) => ({ number: index + 1, name: fields[name] ?? '', text: fields[text] ?? '' }))
    .filter((device) => device.text !== '');
}
