import { expect, test } from 'vitest';

import { checkValues, readModel, shownValue, startValues } from './thingModel';

const model = readModel(
  JSON.stringify({
    properties: [
      { id: 'on', name: 'On', mode: 'rw', define: { type: 'bool', mapping: { '0': 'off', '1': 'on' } } },
      { id: 'level', mode: 'rw', define: { type: 'int', min: '10', max: '100', unit: '%' } },
      { id: 'color', mode: 'rw', define: { type: 'enum', mapping: { '2': 'blue', '0': 'red' } } },
      { id: 'name', mode: 'rw', define: { type: 'string', min: '0', max: '4' } },
      { id: 'power', mode: 'r', define: { type: 'float', max: 'undefined' } },
      {
        id: 'at',
        mode: 'rw',
        define: { type: 'struct', specs: [{ id: 'x', dataType: { type: 'int', min: '0', max: '9' } }] },
      },
      { id: 'list', mode: 'rw', define: { type: 'array', arrayInfo: { type: 'int', min: '0', max: '9' } } },
    ],
    events: [{ id: 'hot', type: 'alert', params: [{ id: 't', define: { type: 'timestamp' } }] }],
    actions: [{ id: 'blink', input: [], output: [{ id: 'ok', define: { type: 'bool' } }] }],
  }),
);
const places = (values: Record<string, unknown>, whole = false) =>
  checkValues(model.properties, values, { whole, readOnly: ({ mode }) => mode === 'r' }).map(
    ({ path, problem }) => `${path} ${problem.code}`,
  );

test('a model is read with its limits, labels and members', () => {
  expect(model.properties.map(({ type }) => type.kind)).toEqual(
    ['bool', 'int', 'enum', 'string', 'float', 'struct', 'array'], // prettier-ignore
  );
  expect(model.properties[1]!.type).toEqual({ kind: 'int', min: 10, max: 100, unit: '%' });
  expect(model.properties[4]!.type).toMatchObject({ max: undefined });
  expect(model.events[0]!.params[0]!.type.kind).toBe('timestamp');
  expect(model.actions[0]!.output[0]!.type).toEqual({ kind: 'bool', labels: ['0', '1'] });
  expect(readModel('{').properties).toEqual([]);
});

test('what does not fit is named with its place', () => {
  expect(places({ on: 1, level: 10, color: 2, name: '灯灯灯灯', at: { x: 3 }, list: [1, 2] })).toEqual([]);
  expect(places({ level: 9, color: 1, name: '12345', at: {}, list: [1, 10], on: 'x' })).toEqual([
    'on notBool',
    'level below',
    'color notAnItem',
    'name longer',
    'at.x missing',
    'list[1] above',
  ]);
  expect(places({ power: 1, other: 2 })).toEqual(['power readOnly', 'other unknown']);
  expect(places({ level: 1.5 })).toEqual(['level notInteger']);
});

test('values to begin with fit their types', () => {
  const start = startValues(model.properties);
  expect(checkValues(model.properties, start, { whole: true })).toEqual([]);
  expect(start.level).toBe(10);
});

test('values are shown with their label and unit', () => {
  const shown = (place: number, value: unknown) => shownValue(model.properties[place]!.type, value);
  expect([shown(0, 1), shown(1, 50), shown(2, '2'), shown(2, 7)]).toEqual(['on', '50 %', 'blue', '7']);
});
