// A thing model as forms and cards need it, read from its JSON. The server checks models and values again; here a model
// that cannot be read gives what can be shown, and a value that does not fit is named before it is sent.

/** The type of a value. */
export type DataType =
  | { kind: 'bool'; labels: [string, string] }
  | { kind: 'int' | 'float'; min?: number; max?: number; step?: number; unit: string }
  | { kind: 'enum'; items: { value: number; label: string }[] }
  | { kind: 'stringenum'; items: { value: string; label: string }[] }
  | { kind: 'string'; min: number; max: number }
  | { kind: 'timestamp' }
  | { kind: 'struct'; fields: ModelField[] }
  | { kind: 'array'; item: DataType };

/** A property, a member or a parameter. */
export interface ModelField {
  id: string;
  name: string;
  about: string;
  type: DataType;
  /** Of properties: `r`, `w` or `rw`. */
  mode: string;
}

/** An event that devices post. */
export interface ModelEvent {
  id: string;
  name: string;
  kind: string;
  params: ModelField[];
}

/** An action that devices carry out. */
export interface ModelAction {
  id: string;
  name: string;
  input: ModelField[];
  output: ModelField[];
}

/** A thing model. */
export interface ThingModel {
  properties: ModelField[];
  events: ModelEvent[];
  actions: ModelAction[];
}

/** Values by identifier. */
export type Values = Record<string, unknown>;

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const word = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A limit: a number, or a text with one; vendors wrote `undefined` for none. */
function limit(value: unknown): number | undefined {
  if (value === undefined || value === null || value === '' || value === 'undefined') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

const LONGEST_TEXT = 2048;

function typeOf(define: unknown): DataType {
  const it = isObject(define) ? define : {};
  const mapping = Object.entries(isObject(it.mapping) ? it.mapping : {});
  switch (it.type) {
    case 'bool': {
      const label = (key: string) => word(mapping.find(([value]) => value === key)?.[1]) || key;
      return { kind: 'bool', labels: [label('0'), label('1')] };
    }
    case 'int':
    case 'float': {
      const unit = word(it.unit);
      return {
        kind: it.type,
        min: limit(it.min),
        max: limit(it.max),
        step: limit(it.step),
        unit: unit === 'undefined' ? '' : unit,
      };
    }
    case 'enum': {
      const items = mapping.map(([value, label]) => ({ value: Number(value), label: word(label) }));
      return { kind: 'enum', items: items.sort((one, other) => one.value - other.value) };
    }
    case 'stringenum':
      return {
        kind: 'stringenum',
        items: mapping.map(([value, label]) => ({ value, label: word(label) })),
      };
    case 'timestamp':
      return { kind: 'timestamp' };
    case 'struct':
      return {
        kind: 'struct',
        fields: list(it.specs).map((spec) => field(spec, spec.dataType ?? spec.define)),
      };
    case 'array':
      return { kind: 'array', item: typeOf(it.arrayInfo) };
    default:
      return { kind: 'string', min: limit(it.min) ?? 0, max: limit(it.max) ?? LONGEST_TEXT };
  }
}

function field(it: Json, define: unknown = it.define): ModelField {
  return {
    id: word(it.id),
    name: word(it.name) || word(it.id),
    about: word(it.desc),
    type: typeOf(define),
    mode: word(it.mode),
  };
}

const fields = (value: unknown): ModelField[] => list(value).map((each) => field(each));

/** Reads a model's JSON; an empty model where there is none. */
export function readModel(json: string | null | undefined): ThingModel {
  let model: unknown;
  try {
    model = JSON.parse(json || '{}');
  } catch {
    model = {};
  }
  const it = isObject(model) ? model : {};
  return {
    properties: fields(it.properties),
    events: list(it.events).map((event) => ({
      id: word(event.id),
      name: word(event.name) || word(event.id),
      kind: word(event.type),
      params: fields(event.params),
    })),
    actions: list(it.actions).map((action) => ({
      id: word(action.id),
      name: word(action.name) || word(action.id),
      input: fields(action.input),
      output: fields(action.output),
    })),
  };
}

/** Whether a device may report it. */
export const mayReport = ({ mode }: ModelField): boolean => mode !== 'w';
/** Whether it may be set from outside. */
export const mayControl = ({ mode }: ModelField): boolean => mode !== 'r';

/** A value to begin with, inside the type's limits. */
export function startValue(type: DataType): unknown {
  switch (type.kind) {
    case 'bool':
      return 0;
    case 'int':
    case 'float':
      return Math.min(Math.max(0, type.min ?? 0), type.max ?? Infinity);
    case 'enum':
    case 'stringenum':
      return type.items[0]?.value;
    case 'string':
      return '';
    case 'timestamp':
      return Math.floor(Date.now() / 1000);
    case 'struct':
      return startValues(type.fields);
    case 'array':
      return [];
  }
}

/** Values to begin with for all fields. */
export function startValues(all: readonly ModelField[]): Values {
  return Object.fromEntries(all.map(({ id, type }) => [id, startValue(type)]));
}

/** What is wrong with a value; the kit has the sentences. */
export type Problem =
  | { code: 'missing' | 'notBool' | 'notInteger' | 'notNumber' | 'notText' | 'notObject' | 'notList' }
  | { code: 'below' | 'above' | 'shorter' | 'longer'; limit: number }
  | { code: 'notAnItem' | 'unknown' | 'readOnly' };

/** A problem with its place, such as `position.longitude` or `colors[2]`. */
export interface Finding {
  path: string;
  problem: Problem;
}

/** What is wrong with a value of this type, with places that begin with `path`. */
export function checkValue(type: DataType, value: unknown, path: string): Finding[] {
  const wrong = (problem: Problem): Finding[] => [{ path, problem }];
  if (value === undefined || value === null || value === '') {
    return type.kind === 'string' && value === '' && type.min === 0 ? [] : wrong({ code: 'missing' });
  }
  switch (type.kind) {
    case 'bool':
      return [0, 1, true, false].includes(value as number) ? [] : wrong({ code: 'notBool' });
    case 'timestamp':
      return Number.isInteger(value) && (value as number) >= 0 ? [] : wrong({ code: 'notInteger' });
    case 'int':
    case 'float': {
      if (typeof value !== 'number') return wrong({ code: 'notNumber' });
      if (type.kind === 'int' && !Number.isInteger(value)) return wrong({ code: 'notInteger' });
      if (type.min !== undefined && value < type.min) return wrong({ code: 'below', limit: type.min });
      if (type.max !== undefined && value > type.max) return wrong({ code: 'above', limit: type.max });
      return [];
    }
    case 'enum':
    case 'stringenum':
      return type.items.some((item) => item.value === value) ? [] : wrong({ code: 'notAnItem' });
    case 'string': {
      if (typeof value !== 'string') return wrong({ code: 'notText' });
      const length = [...value].length;
      if (length < type.min) return wrong({ code: 'shorter', limit: type.min });
      return length > type.max ? wrong({ code: 'longer', limit: type.max }) : [];
    }
    case 'struct':
      return isObject(value)
        ? checkValues(type.fields, value, { whole: true, path: `${path}.` })
        : wrong({ code: 'notObject' });
    case 'array':
      if (!Array.isArray(value)) return wrong({ code: 'notList' });
      return value.flatMap((item, place) => checkValue(type.item, item, `${path}[${place}]`));
  }
}

/** What is wrong with values; with `whole`, also which are missing. */
export function checkValues(
  all: readonly ModelField[],
  values: Values,
  {
    whole = false,
    path = '',
    readOnly,
  }: { whole?: boolean; path?: string; readOnly?: (field: ModelField) => boolean } = {},
): Finding[] {
  const known = all.flatMap((each): Finding[] => {
    const value = values[each.id];
    if (value === undefined && !whole) return [];
    if (value !== undefined && readOnly?.(each)) {
      return [{ path: path + each.id, problem: { code: 'readOnly' } }];
    }
    return checkValue(each.type, value, path + each.id);
  });
  const unknown = Object.keys(values).filter((id) => !all.some((each) => each.id === id));
  return [...known, ...unknown.map((id): Finding => ({ path: path + id, problem: { code: 'unknown' } }))];
}

/** The value as people read it: the label of an enumeration, a number with its unit. */
export function shownValue(type: DataType, value: unknown): string {
  if (value === undefined || value === null) return '';
  switch (type.kind) {
    case 'bool':
      return type.labels[value === true || value === 1 || value === '1' ? 1 : 0];
    case 'enum':
    case 'stringenum': {
      const item = type.items.find((each) => String(each.value) === String(value));
      return item?.label || String(value);
    }
    case 'int':
    case 'float':
      return type.unit ? `${String(value)} ${type.unit}` : String(value);
    case 'string':
    case 'timestamp':
      return String(value);
    case 'struct':
    case 'array':
      return JSON.stringify(value);
  }
}
