import { describe, expect, it } from 'vitest';

import { lookAtNames, onlyGood } from './names';

describe('a file of names', () => {
  it('is looked at row by row, with the lines of the file', () => {
    const report = lookAtNames(
      '\uFEFF设备名称,备注\r\nlamp-1,a\r\n\r\nla mp\r\n,b\r\nlamp-1,c\r\n' + 'x'.repeat(49),
    );
    expect(report.heading).toBe('设备名称');
    expect(report.rows.map(({ line, problem, first }) => [line, problem, first])).toEqual([
      [2, undefined, undefined],
      [4, 'form', undefined],
      [5, 'empty', undefined],
      [6, 'twice', 2],
      [7, 'long', undefined],
    ]);
    expect(report.good).toBe(1);
    expect(report.problems).toEqual({ empty: 1, long: 1, form: 1, twice: 1 });
  });

  it('may do without a heading', () => {
    expect(lookAtNames('lamp-1\nlamp-2').rows.map((row) => row.name)).toEqual(['lamp-1', 'lamp-2']);
  });

  it('has at most as many rows as a batch has devices, the heading apart', () => {
    expect(lookAtNames('DeviceName\na\nb', 2).tooMany).toBe(false);
    expect(lookAtNames('DeviceName\na\nb\nc', 2)).toMatchObject({ tooMany: true, good: 2 });
    expect(lookAtNames('a\nb\nc', 2).tooMany).toBe(true);
  });

  it('without names is empty', () => {
    expect(lookAtNames('\n\n').rows).toEqual([]);
  });

  it('is written anew with the good rows only', () => {
    expect(onlyGood(lookAtNames('<b>,x\na\na\nb'))).toBe('DeviceName\na\nb\n');
  });
});
