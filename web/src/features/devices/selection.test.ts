import { expect, test } from 'vitest';

import { keyOf, named, NO_FILTER, readTags, selectionOf } from './selection';

test('an empty filter asks for the whole project, a product for itself alone', () => {
  expect(selectionOf(NO_FILTER, 'prj-1')).toEqual({ ProjectId: 'prj-1' });
  expect(selectionOf({ ...NO_FILTER, product: 'P' }, 'prj-1')).toEqual({ ProductId: 'P' });
});

test('states and tags are lists', () => {
  const { States, Tags } = selectionOf({ ...NO_FILTER, state: 'online,offline', tag: 'room=a b; floor' }, '');
  expect(States).toEqual(['online', 'offline']);
  expect(Tags).toEqual([
    { Key: 'room', Value: 'a b' },
    { Key: 'floor', Value: '' },
  ]);
  expect(readTags(' ; =x;k==v')).toEqual([{ Key: 'k', Value: '=v' }]);
});

test('a row is found again by its key', () => {
  const device = { ProductId: 'P', DeviceName: 'a:b' };
  expect(named([keyOf(device)])).toEqual({ Devices: [device] });
});
