// A thing model as its JSON is written, and how it is edited. The text is the one document: the table reads it, changes
// a copy and writes it back, so whatever the table does not know (later additions, remarks of other tools) stays.
// Pure; whether a model is acceptable is decided by the server alone.
import { jsonPlaces, lineOf } from '../../../kit/jsonPlaces';

/** The types that values may have. */
export const TYPES = [
  'bool',
  'int',
  'float',
  'string',
  'enum',
  'stringenum',
  'timestamp',
  'struct',
  'array',
] as const;
export type TypeName = (typeof TYPES)[number];

/** The type of a value with its limits, which are texts in the vendor's models and numbers in hand-written ones. */
export interface TypeDefinition {
  type: string;
  min?: string | number;
  max?: string | number;
  start?: string | number;
  step?: string | number;
  unit?: string;
  mapping?: Record<string, string>;
  specs?: Member[];
  arrayInfo?: TypeDefinition;
}

/** A parameter of an event or an action (its type stands in `define`) or a member of a struct (in `dataType`). */
export interface Member {
  id: string;
  name?: string;
  desc?: string;
  define?: TypeDefinition;
  dataType?: TypeDefinition;
}

interface Named {
  id: string;
  name: string;
  desc?: string;
  required?: boolean;
}

export interface Property extends Named {
  mode: string;
  define: TypeDefinition;
}

export interface ModelEvent extends Named {
  type: string;
  params?: Member[];
}

export interface Action extends Named {
  input?: Member[];
  output?: Member[];
}

export type Feature = 'property' | 'event' | 'action';
export type AnyFunction = Property | ModelEvent | Action;

/** The whole document. Lists may be absent. */
export interface Model {
  version?: string;
  profile?: Record<string, unknown>;
  properties?: Property[];
  events?: ModelEvent[];
  actions?: Action[];
}

export const FEATURES: readonly Feature[] = ['property', 'event', 'action'];

/** The list of the document in which a kind of function stands. */
export const LISTS = { property: 'properties', event: 'events', action: 'actions' } as const;

/** Where a text is not JSON, or why it is no model at all. */
export interface Unreadable {
  line: number;
  expected: string;
}

/** A function of the model with the place where it stands. */
export type Found =
  | { feature: 'property'; index: number; value: Property }
  | { feature: 'event'; index: number; value: ModelEvent }
  | { feature: 'action'; index: number; value: Action };

/** Reads a text. Lists of something else than objects, and what is no object, count as unreadable. */
export function readModel(text: string): { model: Model } | { unreadable: Unreadable } {
  const { broken } = jsonPlaces(text);
  if (broken) return { unreadable: { line: lineOf(text, broken.from), expected: broken.expected } };
  const model: unknown = JSON.parse(text);
  const sound =
    isObject(model) &&
    Object.values(LISTS).every((list) => {
      const found = model[list];
      return found === undefined || (Array.isArray(found) && found.every(isObject));
    });
  return sound ? { model: model as Model } : { unreadable: { line: 1, expected: '{ "properties": [{…}] }' } };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Writes a model as people read it. */
export function writeModel(model: Model): string {
  return `${JSON.stringify(model, null, 2)}\n`;
}

/** All functions: properties, then events, then actions, each in the order of the document; what lacks is filled in. */
export function functionsOf(model: Model): Found[] {
  return [
    ...(model.properties ?? []).map((value, index): Found => ({
      feature: 'property',
      index,
      value: {
        ...value,
        ...named(value),
        mode: word(value.mode),
        define: isObject(value.define) ? value.define : { type: '' },
      },
    })),
    ...(model.events ?? []).map((value, index): Found => ({
      feature: 'event',
      index,
      value: { ...value, ...named(value), type: word(value.type), params: members(value.params) },
    })),
    ...(model.actions ?? []).map((value, index): Found => ({
      feature: 'action',
      index,
      value: {
        ...value,
        ...named(value),
        input: members(value.input),
        output: members(value.output),
      },
    })),
  ];
}

const word = (value: unknown): string => (typeof value === 'string' ? value : '');

function named(value: AnyFunction): { id: string; name: string } {
  return { id: word(value.id), name: word(value.name) };
}

/** The members of a list, as far as they can be shown. */
export function members(value: unknown): Member[] {
  return Array.isArray(value) ? (value.filter(isObject) as unknown as Member[]) : [];
}

/** The values of an enumeration with their labels. */
export function mappingOf(type: TypeDefinition): [string, string][] {
  return isObject(type.mapping)
    ? Object.entries(type.mapping).map(([value, label]) => [value, String(label)])
    : [];
}

/** The path under which the server speaks of a function: `events[2]`. */
export function pathOf({ feature, index }: { feature: Feature; index: number }): string {
  return `${LISTS[feature]}[${index}]`;
}

/** Puts a function in the place of the one at `index`, or behind the others of its kind. */
export function withFunction(
  model: Model,
  found: { feature: Feature; index?: number; value: AnyFunction },
): Model {
  const list = LISTS[found.feature];
  const before: AnyFunction[] = model[list] ?? [];
  const index = found.index ?? before.length;
  const after = index < before.length ? before.with(index, found.value) : [...before, found.value];
  return { ...model, [list]: after };
}

/** Takes functions away. */
export function withoutFunctions(model: Model, gone: readonly { feature: Feature; index: number }[]): Model {
  const after: Model = { ...model };
  for (const feature of FEATURES) {
    const indices = new Set(gone.filter((each) => each.feature === feature).map((each) => each.index));
    if (indices.size === 0) continue;
    const list = LISTS[feature];
    const kept = ((model[list] ?? []) as AnyFunction[]).filter((_, index) => !indices.has(index));
    Object.assign(after, { [list]: kept });
  }
  return after;
}

/** Adds functions of another model behind one's own; those whose identifier is taken are left out. */
export function withFunctionsOf(model: Model, other: Model, identifiers: readonly string[]): Model {
  const taken = new Set(functionsOf(model).map((each) => each.value.id));
  return functionsOf(other)
    .filter((each) => identifiers.includes(each.value.id) && !taken.has(each.value.id))
    .reduce((grown, { feature, value }) => withFunction(grown, { feature, value }), model);
}

/** An identifier that no function has yet: the wanted one, or it with a number. */
export function freeIdentifier(model: Model, wanted: string): string {
  const taken = new Set(functionsOf(model).map((each) => each.value.id));
  if (!taken.has(wanted)) return wanted;
  for (let number = 2; ; number += 1) {
    if (!taken.has(`${wanted}_${number}`)) return `${wanted}_${number}`;
  }
}

/** What people call the two values of a new bool. */
export type BoolWords = readonly [off: string, on: string];

/** A function to begin with. */
export function blankFunction(feature: Feature, words: BoolWords): AnyFunction {
  const named = { id: '', name: '', desc: '', required: false };
  switch (feature) {
    case 'property':
      return { ...named, mode: 'rw', define: blankType('bool', words) };
    case 'event':
      return { ...named, type: 'info', params: [] };
    case 'action':
      return { ...named, input: [], output: [] };
  }
}

/** A type to begin with. */
export function blankType(name: TypeName, [off, on]: BoolWords = ['0', '1']): TypeDefinition {
  switch (name) {
    case 'bool':
      return { type: name, mapping: { '0': off, '1': on } };
    case 'int':
      return { type: name, min: '0', max: '100', start: '0', step: '1', unit: '' };
    case 'float':
      return { type: name, min: '0', max: '100', start: '0', step: '0.1', unit: '' };
    case 'string':
      return { type: name, min: '0', max: '64' };
    case 'enum':
      return { type: name, mapping: { '0': '0', '1': '1' } };
    case 'stringenum':
      return { type: name, mapping: { low: 'low', high: 'high' } };
    case 'timestamp':
      return { type: name };
    case 'struct':
      return { type: name, specs: [blankMember('dataType')] };
    case 'array':
      return { type: name, arrayInfo: blankType('int') };
  }
}

/** Where a member's type stands. */
export type TypeKey = 'define' | 'dataType';

/** A member to begin with. */
export function blankMember(key: TypeKey, type: TypeName = 'int'): Member {
  return { id: '', name: '', [key]: blankType(type) };
}

/** The key under which a member has its type; the server reads the preferred one first. */
export function typeKeyOf(member: Member, preferred: TypeKey): TypeKey {
  if (member[preferred]) return preferred;
  const other = preferred === 'define' ? 'dataType' : 'define';
  return member[other] ? other : preferred;
}

/** A definition with one part changed; a part that is empty is not there. */
export function withPart(
  type: TypeDefinition,
  part: 'min' | 'max' | 'start' | 'step' | 'unit',
  text: string,
): TypeDefinition {
  const after = { ...type, [part]: text };
  if (text === '' && part !== 'unit') delete after[part];
  return after;
}

/** A limit as text; what a vendor console once wrote for none counts as none. */
export function limitText(limit: string | number | undefined): string {
  const text = limit === undefined ? '' : String(limit).trim();
  return text === 'undefined' ? '' : text;
}
