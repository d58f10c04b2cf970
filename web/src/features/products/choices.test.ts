import { expect, test } from 'vitest';

import { kindOf, readSearch } from './choices';
import { faultOf, grouped } from './topics/systemTopics';

test('a search is a tag, or a name that may be an id', () => {
  expect(readSearch('  ')).toEqual({ by: 'nothing' });
  expect(readSearch('lamp')).toEqual({ by: 'name', name: 'lamp', id: undefined });
  expect(readSearch('DEMOPROD01')).toEqual({ by: 'name', name: 'DEMOPROD01', id: 'DEMOPROD01' });
  expect(readSearch('colour = red')).toEqual({ by: 'tag', key: 'colour', value: 'red' });
  expect(readSearch('=x')).toEqual({ by: 'name', name: '=x', id: undefined });
});

test('what a node is follows from its type and its way to the network', () => {
  expect(kindOf({ ProductType: 5, NetType: 'wifi' })).toBe('gateway');
  expect(kindOf({ ProductType: 0, NetType: 'sub_zigbee' })).toBe('sub');
  expect(kindOf({ ProductType: 0, NetType: 'wifi' })).toBe('device');
});

test('wildcards of a topic stand for whole levels, and # is the last one', () => {
  for (const suffix of ['a', 'a/b', '+/b', 'a/#', '#']) expect(faultOf(suffix)).toBeUndefined();
  expect(faultOf('')).toBe('empty');
  for (const suffix of ['/a', 'a/', 'a//b']) expect(faultOf(suffix)).toBe('level');
  for (const suffix of ['a+', '#/a', 'a#', '+a/b']) expect(faultOf(suffix)).toBe('wildcard');
});

test('topics of the platform stand together by what they are for', () => {
  const topics = ['$ota/update/P/d', '$thing/up/property/P/d', '$thing/down/property/P/d', '$new/x/P/d'];
  expect(
    grouped(topics.map((TopicName) => ({ TopicName }))).map(({ group, topics: members }) => [
      group,
      members.length,
    ]),
  ).toEqual([
    ['property', 2],
    ['ota', 1],
    ['other', 1],
  ]);
});
