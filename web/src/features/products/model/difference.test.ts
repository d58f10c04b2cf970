import { expect, test } from 'vitest';

import { differences } from './difference';
import type { Model } from './document';

const old: Model = {
  version: '1.0',
  properties: [
    { id: 'a', name: 'A', mode: 'rw', define: { type: 'bool' } },
    { id: 'b', name: 'B', mode: 'r', define: { type: 'int', min: '0', max: '5' } },
  ],
  events: [{ id: 'e', name: 'E', type: 'info' }],
};

test('functions that are new, gone and changed are named', () => {
  const now: Model = {
    ...old,
    properties: [
      { id: 'b', name: 'B', mode: 'r', define: { type: 'int', min: '0', max: '9' } },
      { id: 'c', name: 'C', mode: 'r', define: { type: 'bool' } },
    ],
  };
  const found = differences(old, now);
  expect(found.map(({ feature, identifier, kind }) => [feature, identifier, kind])).toEqual([
    ['property', 'b', 'changed'],
    ['property', 'c', 'added'],
    ['property', 'a', 'removed'],
  ]);
  expect(found[0]?.before).toContain('"max": "5"');
  expect(found[0]?.after).toContain('"max": "9"');
});

test('order of keys and of functions counts for nothing', () => {
  const now: Model = {
    version: '1.0',
    events: old.events,
    properties: [
      { define: { max: '5', min: '0', type: 'int' }, mode: 'r', name: 'B', id: 'b' },
      { define: { type: 'bool' }, id: 'a', mode: 'rw', name: 'A' },
    ],
  };
  expect(differences(old, now)).toEqual([]);
});

test('a function of another kind with the same identifier is another one', () => {
  const now: Model = { ...old, events: [], actions: [{ id: 'e', name: 'E' }] };
  expect(differences(old, now).map(({ feature, kind }) => [feature, kind])).toEqual([
    ['action', 'added'],
    ['event', 'removed'],
  ]);
});

test('what is beside the functions is a difference of the document', () => {
  expect(differences(old, { ...old, version: '2.0' })).toMatchObject([
    { feature: 'document', kind: 'changed' },
  ]);
});
