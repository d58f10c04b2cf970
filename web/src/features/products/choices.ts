// What a product may be: the numbers and words of the operations with what people call them.
import type { Answer } from '../../api';
import type { Tone } from '../../kit';

export type Product = Answer<'DescribeStudioProduct'>['Product'];

export type Kind = 'device' | 'gateway' | 'sub';
export const KINDS: readonly Kind[] = ['device', 'gateway', 'sub'];

const GATEWAY = 5;
const SUB = 'sub_';

/** A device that speaks for itself, one that speaks for others, or one behind such a gateway. */
export function kindOf(product: Pick<Product, 'ProductType' | 'NetType'>): Kind {
  if (product.ProductType === GATEWAY) return 'gateway';
  return product.NetType.startsWith(SUB) ? 'sub' : 'device';
}

/** The number of a kind. */
export function productType(kind: Kind): number {
  return kind === 'gateway' ? GATEWAY : 0;
}

/** How devices reach the network, in the operations' words. */
export const NET_TYPES = [
  'wifi',
  'wifi-ble',
  'cellular',
  '5g',
  'lorawan',
  'ble',
  'ethernet',
  'wifi-ethernet',
  'else',
] as const;

/** How sub-devices reach their gateway. */
export const SUB_NET_TYPES = ['sub_zigbee', 'sub_ble', 'sub_blemesh', 'sub_433mhz', 'sub_else'] as const;

export type NetType = (typeof NET_TYPES)[number] | (typeof SUB_NET_TYPES)[number];

/** The ways to the network that a kind has. */
export function netTypesOf(kind: Kind): readonly NetType[] {
  return kind === 'sub' ? SUB_NET_TYPES : NET_TYPES;
}

export function isNetType(text: string): text is NetType {
  return ([...NET_TYPES, ...SUB_NET_TYPES] as readonly string[]).includes(text);
}

export const CERTIFICATE = '1';
export const KEY = '2';

export const THING_MODEL = 1;
export const PASS_THROUGH = 2;

export type State = 'dev' | 'audit' | 'released';
export const STATES: readonly State[] = ['dev', 'audit', 'released'];

export function stateOf(product: Pick<Product, 'DevStatus'>): State {
  return STATES.find((state) => state === product.DevStatus) ?? 'dev';
}

/** How a state is shown. */
export const TONES: Record<State, Tone> = { dev: 'busy', audit: 'warn', released: 'good' };

/** What a search means: a whole id, `tag=value`, or a part of the name. */
export type Search =
  { by: 'nothing' } | { by: 'name'; name: string; id?: string } | { by: 'tag'; key: string; value: string };

export function readSearch(typed: string): Search {
  const text = typed.trim();
  if (text === '') return { by: 'nothing' };
  const tag = /^([^=]+)=(.*)$/.exec(text);
  if (tag?.[1]) return { by: 'tag', key: tag[1].trim(), value: tag[2]?.trim() ?? '' };
  // Ten capitals and digits may be an id, and may be a name all the same.
  return { by: 'name', name: text, id: /^[A-Z0-9]{10}$/.test(text) ? text : undefined };
}
