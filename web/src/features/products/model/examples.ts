// Messages as devices and the platform exchange them for a function of a model, with values that the model allows, so
// that a developer can send them as they are. Pure: the time is given.
import {
  mayControl,
  mayReport,
  type DataType,
  type ModelAction,
  type ModelEvent,
  type ModelField,
  type ThingModel,
  type Values,
} from '../../../kit/thingModel';

/** What a message is. */
export type Method =
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

/** One message. */
export interface Example {
  method: Method;
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

/** Longer examples of a text with a minimum help nobody. */
const LONGEST = 256;

/** A value that a type allows; where it can be, another than the one to which a device starts. */
export function exampleValue(type: DataType, now: number): unknown {
  switch (type.kind) {
    case 'bool':
      return 1;
    case 'int':
    case 'float':
      return exampleNumber(type);
    case 'enum':
    case 'stringenum':
      return (type.items[1] ?? type.items[0])?.value ?? (type.kind === 'enum' ? 0 : '');
    case 'string':
      return 'abc'.padEnd(Math.min(type.min, LONGEST), 'abc').slice(0, type.max);
    case 'timestamp':
      return Math.floor(now / 1000);
    case 'struct':
      return exampleValues(type.fields, now);
    case 'array':
      return [exampleValue(type.item, now)];
  }
}

function exampleNumber({ kind, min, max, step }: DataType & { kind: 'int' | 'float' }): number {
  const lowest = min ?? -Infinity;
  const highest = max ?? Infinity;
  const from = Math.min(Math.max(0, lowest), highest);
  const width = Math.min(highest, from + 100) - from;
  // About a quarter of the way, on the grid of the steps.
  const grid = step !== undefined && step > 0 ? step : kind === 'int' ? 1 : 0.1;
  const moved = from + Math.floor(width / 4 / grid) * grid;
  const value = kind === 'int' ? Math.round(moved) : Number(moved.toPrecision(12));
  return value >= lowest && value <= highest ? value : from;
}

/** Values for all fields. */
export function exampleValues(fields: readonly ModelField[], now: number): Values {
  return Object.fromEntries(fields.map((field) => [field.id, exampleValue(field.type, now)]));
}

const TOKEN = 'token-1';
const DONE = { code: 0, status: 'success' };

/** The messages about one property. */
export function examplesOfProperty(property: ModelField, occasion: Occasion): Example[] {
  const values = exampleValues([property], occasion.now);
  return [
    ...(mayReport(property) ? reports(values, occasion) : []),
    ...(mayControl(property) ? controls(values, occasion) : []),
  ];
}

/** One report and one control with every property that takes part in it, and the question for the state. */
export function examplesOfAll({ properties }: ThingModel, occasion: Occasion): Example[] {
  const reported = exampleValues(properties.filter(mayReport), occasion.now);
  const controlled = exampleValues(properties.filter(mayControl), occasion.now);
  return [
    ...(Object.keys(reported).length > 0 ? reports(reported, occasion) : []),
    ...(Object.keys(controlled).length > 0 ? controls(controlled, occasion) : []),
    message('get_status', 'up', 'property', occasion, {}),
    message('get_status_reply', 'down', 'property', occasion, { ...DONE, data: { reported } }),
  ];
}

function reports(params: Values, occasion: Occasion): Example[] {
  return [
    message('report', 'up', 'property', occasion, { timestamp: occasion.now, params }),
    message('report_reply', 'down', 'property', occasion, DONE),
  ];
}

function controls(params: Values, occasion: Occasion): Example[] {
  return [
    message('control', 'down', 'property', occasion, { params }),
    message('control_reply', 'up', 'property', occasion, DONE),
  ];
}

/** A posted event and its answer. */
export function examplesOfEvent({ id, kind, params }: ModelEvent, occasion: Occasion): Example[] {
  return [
    message('event_post', 'up', 'event', occasion, {
      eventId: id,
      type: kind,
      timestamp: occasion.now,
      params: exampleValues(params, occasion.now),
    }),
    message('event_reply', 'down', 'event', occasion, { code: 0, status: '', data: {} }),
  ];
}

/** A call of an action and its answer. */
export function examplesOfAction({ id, input, output }: ModelAction, occasion: Occasion): Example[] {
  return [
    message('action', 'down', 'action', occasion, {
      actionId: id,
      timestamp: Math.floor(occasion.now / 1000),
      params: exampleValues(input, occasion.now),
    }),
    message('action_reply', 'up', 'action', occasion, {
      ...DONE,
      response: exampleValues(output, occasion.now),
    }),
  ];
}

function message(
  method: Method,
  direction: 'up' | 'down',
  part: 'property' | 'event' | 'action',
  { productId, deviceName }: Occasion,
  rest: object,
): Example {
  return {
    method,
    direction,
    topic: `$thing/${direction}/${part}/${productId}/${deviceName}`,
    payload: JSON.stringify({ method, clientToken: TOKEN, ...rest }, null, 2),
  };
}
