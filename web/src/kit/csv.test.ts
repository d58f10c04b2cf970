import { describe, expect, it } from 'vitest';

import { csvText, readCsv } from './csv';

const fields = (text: string) => readCsv(text).map((row) => row.fields);

describe('a CSV file', () => {
  it('is read with a byte order mark, either line end, quotes and empty lines', () => {
    expect(fields('\uFEFFname,remark\r\nlamp-1,"a, ""b"""\r\n\r\n,,\nlamp-2')).toEqual([
      ['name', 'remark'],
      ['lamp-1', 'a, "b"'],
      ['lamp-2'],
    ]);
  });

  it('keeps the line on which a row begins, also behind a field of several lines', () => {
    expect(readCsv('a\n\n"b\nb",c\nd').map((row) => row.line)).toEqual([1, 3, 5]);
  });

  it('is read no further than asked', () => {
    expect(readCsv('a\nb\nc', 2).map((row) => row.fields[0])).toEqual(['a', 'b']);
  });

  it('ends where a quote is never closed', () => {
    expect(fields('a,"b')).toEqual([['a', 'b']]);
  });
});

describe('rows written as CSV', () => {
  it('are read again as they were, and a formula stays text', () => {
    const text = csvText([
      ['a"b', 'two\nlines', '-5'],
      ['=1+1', '驿站, 灯', ''],
    ]);
    expect(readCsv(text).map((row) => row.fields)).toEqual([
      ['a"b', 'two\nlines', '-5'],
      ["'=1+1", '驿站, 灯', ''],
    ]);
  });
});
