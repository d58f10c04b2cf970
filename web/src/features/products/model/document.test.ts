import { describe, expect, test } from 'vitest';

import {
  blankFunction,
  blankType,
  freeIdentifier,
  functionsOf,
  limitText,
  readModel,
  TYPES,
  withFunction,
  withFunctionsOf,
  withoutFunctions,
  withPart,
  writeModel,
  type Model,
  type Property,
} from './document';

const property = (id: string): Property => ({ id, name: id, mode: 'rw', define: { type: 'bool' } });
const model: Model = {
  version: '1.0',
  properties: [property('a'), property('b')],
  events: [{ id: 'e', name: 'E', type: 'info', params: [] }],
};
const read = (text: string) => {
  const result = readModel(text);
  if ('unreadable' in result) throw new Error(result.unreadable.expected);
  return result.model;
};

describe('reading', () => {
  test('a text that is not JSON says in which line', () => {
    expect(readModel('{\n"properties": [\n}')).toEqual({ unreadable: expect.objectContaining({ line: 3 }) });
  });

  test('JSON that is no model is not readable, an empty object is', () => {
    for (const text of ['[]', '1', '{"properties": {}}', '{"events": [1]}']) {
      expect(readModel(text)).toHaveProperty('unreadable');
    }
    expect(readModel('{}')).toEqual({ model: {} });
  });

  test('parts of a wrong kind do not break the table', () => {
    const faulty = read(
      '{"properties": [{"id": 7, "define": "int"}], "events": [{"params": 1}], "actions": [{}]}',
    );
    expect(functionsOf(faulty).map(({ feature, value }) => [feature, value.id])).toEqual([
      ['property', ''],
      ['event', ''],
      ['action', ''],
    ]);
  });

  test('what nobody here knows stays when a function is changed', () => {
    const before = read(
      '{"later": {"x": 1}, "properties": [{"id": "a", "name": "A", "mode": "r", "define": {"type": "int", "odd": 3}, "more": true}]}',
    );
    const [found] = functionsOf(before);
    const after = read(
      writeModel(withFunction(before, { ...found!, value: { ...found!.value, name: 'B' } })),
    );
    expect(after).toEqual({
      later: { x: 1 },
      properties: [{ id: 'a', name: 'B', mode: 'r', define: { type: 'int', odd: 3 }, more: true }],
    });
  });
});

describe('changing', () => {
  test('a function goes into its place, a new one behind the others of its kind', () => {
    const changed = withFunction(model, { feature: 'property', index: 1, value: property('c') });
    expect(changed.properties?.map((each) => each.id)).toEqual(['a', 'c']);
    const grown = withFunction(model, { feature: 'action', value: blankFunction('action', ['0', '1']) });
    expect(grown.actions).toHaveLength(1);
    expect(model.actions).toBeUndefined();
  });

  test('functions are taken away by their places', () => {
    const after = withoutFunctions(model, [
      { feature: 'property', index: 0 },
      { feature: 'event', index: 0 },
    ]);
    expect(functionsOf(after).map((each) => each.value.id)).toEqual(['b']);
  });

  test('standard functions whose identifier is taken are not added again', () => {
    const template: Model = { properties: [property('a'), property('x')], actions: [{ id: 'y', name: 'Y' }] };
    const after = withFunctionsOf(model, template, ['a', 'x', 'y', 'unknown']);
    expect(functionsOf(after).map((each) => each.value.id)).toEqual(['a', 'b', 'x', 'e', 'y']);
  });

  test('a copy gets an identifier that is free', () => {
    expect(freeIdentifier(model, 'new')).toBe('new');
    const grown = withFunction(model, { feature: 'property', value: property('a_2') });
    expect(freeIdentifier(grown, 'a')).toBe('a_3');
  });

  test('every type begins with something of that type', () => {
    for (const name of TYPES) expect(blankType(name).type).toBe(name);
  });

  test('a limit that is emptied is not there any more, a unit may be empty', () => {
    const type = blankType('int');
    expect(withPart(type, 'max', '')).not.toHaveProperty('max');
    expect(withPart(type, 'unit', '')).toHaveProperty('unit', '');
    expect(limitText('undefined')).toBe('');
    expect(limitText(5)).toBe('5');
  });
});
