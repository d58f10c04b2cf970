import { describe, expect, test } from 'vitest';

import { jsonPlaces, lineOf, placeOf } from './jsonPlaces';

const text = `{
  "properties": [
    { "id": "a", "define": { "max": "5\\"" } },
    { "id": "b" }
  ]
}`;

describe('places in a JSON text', () => {
  const found = jsonPlaces(text);
  const at = (path: string) => {
    const place = placeOf(found, path);
    return place && text.slice(place.from, place.to);
  };

  test('every value is found by its path', () => {
    expect(at('properties[0].define.max')).toBe('"5\\""');
    expect(at('properties[1]')).toBe('{ "id": "b" }');
    expect(at('$')).toBe(text);
    expect(found.broken).toBeUndefined();
  });

  test('what is missing is shown at the part around it', () => {
    expect(at('properties[1].define.min')).toBe('{ "id": "b" }');
    expect(at('properties[7].name')).toBe(text.slice(text.indexOf('['), text.lastIndexOf(']') + 1));
    expect(at('events')).toBe(text);
  });

  test('the place where a text stops being JSON is named', () => {
    const broken = (json: string) => {
      const { broken: place } = jsonPlaces(json);
      return place && [lineOf(json, place.from), place.from];
    };
    expect(broken('{\n  "a": 1,\n  "b" 2\n}')).toEqual([3, 18]);
    expect(broken('{"a": 01}')).toEqual([1, 7]);
    expect(broken('[1, 2,]')).toEqual([1, 6]);
    expect(broken('{"a": "no end\n}')).toEqual([1, 13]);
    expect(broken('')).toEqual([1, 0]);
    expect(broken('1 2')).toEqual([1, 2]);
  });

  test('depth without end is refused, not followed', () => {
    expect(jsonPlaces('['.repeat(100_000)).broken).toBeDefined();
  });

  test('whatever JSON.parse reads is read, and nothing else', () => {
    const texts = ['0', '-1.5e3', '"\\u00e9\\n"', '[]', '{}', '[{}, [null, true]]', ' {"a":[{"b":false}]} '];
    const faulty = ['+1', '.5', '1.', "'a'", '{a:1}', '{"a":1,}', '[,]', 'nul', '"\t"', '"\\x"'];
    for (const each of [...texts, ...faulty]) {
      let reads = true;
      try {
        JSON.parse(each);
      } catch {
        reads = false;
      }
      expect([each, jsonPlaces(each).broken === undefined]).toEqual([each, reads]);
    }
  });
});
