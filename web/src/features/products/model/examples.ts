// Messages as devices and the platform exchange them for a function of a model, with values that the model allows, so
// that a developer can send them as they are. Pure: the time is given.
import {
  limitText,
  typeKeyOf,
  type Found,
  type Member,
  type Model,
  type TypeDefinition,
  type TypeKey,
} from './document';

/** One message. */
export interface Example {
  kind:
    | 'report'
    | 'report_reply'
    | 'control'
    | 'control_reply'
    | 'get_status'
    | 'get_status_reply'
    | 'event_post'
    | 'event_reply'
    | 'action'
    | 'action_reply';
  direction: 'up' | 'down';
  topic: string;
  payload: string;
}

/** Whose topics are meant, and when. */
export interface Occasion {
  productId: string;
  deviceName: string;
  /** Milliseconds. */
  now: number;
}

/** The deepest type that is shown; the server allows five. */
const DEEPEST = 8;

/** A value that a type allows. */
export function exampleValue(type: TypeDefinition | undefined, now: number, depth = 0): unknown {
  switch (type?.type) {
    case 'bool':
      return 1;
    case 'int':
      return Math.round(numberIn(type));
    case 'float':
      return numberIn(type);
    case 'string':
      return textIn(type);
    case 'enum':
      return Number(Object.keys(type.mapping ?? {})[0] ?? 0);
    case 'stringenum':
      return Object.keys(type.mapping ?? {})[0] ?? '';
    case 'timestamp':
      return Math.floor(now / 1000);
    case 'struct':
      return depth < DEEPEST ? exampleOf(type.specs ?? [], 'dataType', now, depth + 1) : {};
    case 'array':
      return depth < DEEPEST ? [exampleValue(type.arrayInfo, now, depth + 1)] : [];
    default:
      return null;
  }
}

function numberIn(type: TypeDefinition): number {
  const limit = (value: string | number | undefined) => {
    const text = limitText(value);
    return text === '' ? undefined : Number(text);
  };
  const min = limit(type.min) ?? -Infinity;
  const max = limit(type.max) ?? Infinity;
  const start = limit(type.start);
  const wanted = start ?? (min > 0 ? min : 0);
  // Something else than the smallest value shows better that the message came through.
  const step = limit(type.step) ?? 1;
  const next = wanted + step <= max ? wanted + step : wanted;
  const value = Math.min(Math.max(next, min), max);
  return Number.isFinite(value) ? Number(value.toPrecision(12)) : 0;
}

function textIn(type: TypeDefinition): string {
  const min = Number(limitText(type.min) || 0);
  const max = Number(limitText(type.max) || 2048);
  const text = 'abc'.padEnd(Math.min(min, 256), 'abc');
  return text.slice(0, Math.max(0, max));
}

/** Values for all members of a list. */
export function exampleOf(
  members: readonly Member[],
  key: TypeKey,
  now: number,
  depth = 0,
): Record<string, unknown> {
  return Object.fromEntries(
    members.map((member) => [member.id, exampleValue(member[typeKeyOf(member, key)], now, depth)]),
  );
}

const TOKEN = 'token-1';
const DONE = { code: 0, status: 'success' };

/** The messages that are exchanged for a function. */
export function examplesOf(found: Found, occasion: Occasion): Example[] {
  switch (found.feature) {
    case 'property': {
      const params = { [found.value.id]: exampleValue(found.value.define, occasion.now) };
      return propertyExamples(
        found.value.mode.includes('r') ? params : undefined,
        found.value.mode.includes('w') ? params : undefined,
        occasion,
      );
    }
    case 'event': {
      const { id, type, params = [] } = found.value;
      return [
        message('event_post', 'up', 'event', occasion, {
          method: 'event_post',
          clientToken: TOKEN,
          eventId: id,
          type,
          timestamp: occasion.now,
          params: exampleOf(params, 'define', occasion.now),
        }),
        message('event_reply', 'down', 'event', occasion, {
          method: 'event_reply',
          clientToken: TOKEN,
          code: 0,
          status: '',
          data: {},
        }),
      ];
    }
    case 'action': {
      const { id, input = [], output = [] } = found.value;
      return [
        message('action', 'down', 'action', occasion, {
          method: 'action',
          clientToken: TOKEN,
          actionId: id,
          timestamp: Math.floor(occasion.now / 1000),
          params: exampleOf(input, 'define', occasion.now),
        }),
        message('action_reply', 'up', 'action', occasion, {
          method: 'action_reply',
          clientToken: TOKEN,
          ...DONE,
          response: exampleOf(output, 'define', occasion.now),
        }),
      ];
    }
  }
}

/** One report and one control with every property that takes part in it, and the question for the state. */
export function examplesOfAll(model: Model, occasion: Occasion): Example[] {
  const values = (letter: string) => {
    const properties = (model.properties ?? []).filter((property) => property.mode.includes(letter));
    if (properties.length === 0) return undefined;
    return Object.fromEntries(
      properties.map((property) => [property.id, exampleValue(property.define, occasion.now)]),
    );
  };
  const reported = values('r');
  const examples = propertyExamples(reported, values('w'), occasion);
  if (!reported) return examples;
  return [
    ...examples,
    message('get_status', 'up', 'property', occasion, { method: 'get_status', clientToken: TOKEN }),
    message('get_status_reply', 'down', 'property', occasion, {
      method: 'get_status_reply',
      clientToken: TOKEN,
      ...DONE,
      data: { reported },
    }),
  ];
}

function propertyExamples(
  reported: Record<string, unknown> | undefined,
  controlled: Record<string, unknown> | undefined,
  occasion: Occasion,
): Example[] {
  const said = (kind: Example['kind'], direction: 'up' | 'down', more: object) =>
    message(kind, direction, 'property', occasion, { method: kind, clientToken: TOKEN, ...more });
  return [
    ...(reported ? [said('report', 'up', { params: reported }), said('report_reply', 'down', DONE)] : []),
    ...(controlled
      ? [said('control', 'down', { params: controlled }), said('control_reply', 'up', DONE)]
      : []),
  ];
}

function message(
  kind: Example['kind'],
  direction: 'up' | 'down',
  part: string,
  { productId, deviceName }: Occasion,
  payload: object,
): Example {
  return {
    kind,
    direction,
    topic: `$thing/${direction}/${part}/${productId}/${deviceName}`,
    payload: JSON.stringify(payload, null, 2),
  };
}
