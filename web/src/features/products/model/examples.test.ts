import { expect, test } from 'vitest';

import { checkValues, readModel } from '../../../kit/thingModel';
import {
  examplesOfAction,
  examplesOfAll,
  examplesOfEvent,
  examplesOfProperty,
  exampleValues,
} from './examples';

const NOW = 1_795_288_394_123;
const occasion = { productId: 'DEMOPROD01', deviceName: 'dev001', now: NOW };
const define = (id: string, type: object, mode = 'rw') => ({ id, name: id, mode, define: type });
const number = (min: string, max: string, step: string) => ({ type: 'float', min, max, step });
const model = readModel(
  JSON.stringify({
    properties: [
      define('on', { type: 'bool', mapping: { '0': 'off', '1': 'on' } }),
      define('level', { type: 'int', min: '10', max: '20', step: '3' }),
      define('cold', { type: 'int', min: '-40', max: '-30' }),
      define('open', { type: 'int' }),
      define('ratio', number('0.5', '0.6', '0.001'), 'r'),
      define('one', number('7', '7', '1')),
      define('colour', { type: 'enum', mapping: { '3': 'red', '8': 'blue' } }),
      define('power', { type: 'stringenum', mapping: { low: 'Low' } }),
      define('code', { type: 'string', min: '5', max: '6' }),
      define('short', { type: 'string', min: '0', max: '1' }),
      define('since', { type: 'timestamp' }, 'w'),
      define('place', {
        type: 'struct',
        specs: [{ id: 'x', name: 'x', dataType: { type: 'array', arrayInfo: { type: 'int', min: '4' } } }],
      }),
    ],
    events: [{ id: 'hot', name: 'Hot', type: 'alert', params: [define('celsius', number('0', '90', '1'))] }],
    actions: [{ id: 'go', name: 'Go', input: [define('to', { type: 'bool' })], output: [] }],
  }),
);

test('every example value fits its type', () => {
  const values = exampleValues(model.properties, NOW);
  expect(checkValues(model.properties, values, { whole: true })).toEqual([]);
  expect(values).toMatchObject({ level: 10, colour: 8, code: 'abcab', short: 'a', since: 1_795_288_394 });
});

test('a property is reported and controlled as its access allows', () => {
  const methods = (id: string) =>
    examplesOfProperty(
      model.properties.find((each) => each.id === id)!,
      occasion,
    ).map((each) => each.method);
  expect(methods('on')).toEqual(['report', 'report_reply', 'control', 'control_reply']);
  expect(methods('ratio')).toEqual(['report', 'report_reply']);
  expect(methods('since')).toEqual(['control', 'control_reply']);
});

test('messages stand on the topics of their kind and direction', () => {
  const all = [
    ...examplesOfAll(model, occasion),
    ...examplesOfEvent(model.events[0]!, occasion),
    ...examplesOfAction(model.actions[0]!, occasion),
  ];
  expect(all.map((each) => `${each.method} ${each.topic}`)).toEqual([
    'report $thing/up/property/DEMOPROD01/dev001',
    'report_reply $thing/down/property/DEMOPROD01/dev001',
    'control $thing/down/property/DEMOPROD01/dev001',
    'control_reply $thing/up/property/DEMOPROD01/dev001',
    'get_status $thing/up/property/DEMOPROD01/dev001',
    'get_status_reply $thing/down/property/DEMOPROD01/dev001',
    'event_post $thing/up/event/DEMOPROD01/dev001',
    'event_reply $thing/down/event/DEMOPROD01/dev001',
    'action $thing/down/action/DEMOPROD01/dev001',
    'action_reply $thing/up/action/DEMOPROD01/dev001',
  ]);
  expect(JSON.parse(all[6]!.payload)).toMatchObject({
    method: 'event_post',
    eventId: 'hot',
    type: 'alert',
    params: { celsius: 22 },
  });
  expect(JSON.parse(all[8]!.payload)).toMatchObject({ actionId: 'go', params: { to: 1 } });
});
