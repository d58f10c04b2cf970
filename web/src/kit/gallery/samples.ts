// What the gallery shows: names that break pages that are not careful, and a model with every kind of value.
export const HOSTILE = '<img src=x onerror=alert(1)>"\'`\u202Egnp.exe\u202C';
export const WIDE = '超长的产品名称用来检查表格与标题是否会被撑破以及如何换行显示智能照明';

export interface SampleRow {
  id: string;
  name: string;
  number: number;
  on: boolean;
  at: number;
}

const names = [HOSTILE, WIDE, 'lamp-1', 'مصباح الغرفة', 'a'.repeat(48)];

/** Rows of a list, the same each time. */
export function sampleRows(now: number, number = 45): SampleRow[] {
  return Array.from({ length: number }, (_, index) => ({
    id: `SAMPLE${String(index).padStart(4, '0')}`,
    name: names[index % names.length] ?? '',
    number: index * 1234.5678,
    on: index % 3 === 0,
    at: now - index * index * 60_000,
  }));
}

const property = (id: string, name: string, define: object, mode = 'rw') => ({
  id,
  name,
  desc: '',
  mode,
  define,
});

export const MODEL = JSON.stringify({
  version: '1.0',
  properties: [
    property('power', HOSTILE, { type: 'bool', mapping: { 0: '关', 1: '开' } }),
    property('brightness', WIDE, { type: 'int', min: '0', max: '100', start: '1', step: '1', unit: '%' }),
    property('level', 'Level', {
      type: 'float',
      min: '-1',
      max: '1',
      start: '0',
      step: '0.01',
      unit: 'V',
    }),
    property('color', 'Color', { type: 'enum', mapping: { 0: 'Red', 1: 'Green', 2: 'Blue' } }),
    property('name', 'Name', { type: 'string', min: '0', max: '64' }),
    property('seen', 'Seen', { type: 'timestamp' }, 'r'),
  ],
  events: [],
  actions: [],
});

export const BEFORE = '{\n  "power": 0,\n  "brightness": 10,\n  "name": "lamp"\n}\n';
export const AFTER = '{\n  "power": 1,\n  "brightness": 10,\n  "name": "灯",\n  "color": 2\n}\n';
