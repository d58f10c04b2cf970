import { describe, expect, it } from 'vitest';

import { codesIn } from './codes';
import { atOnce, inPieces, layOut } from './layout';

describe('a sheet of labels', () => {
  it('has as many labels as fit on A4', () => {
    expect(layOut(30, 0)).toMatchObject({ columns: 6, rows: 9 });
    expect(layOut(60, 2)).toMatchObject({ columns: 3, rows: 4 });
  });

  it('is drawn in whole sheets', () => {
    const layout = layOut(40, 1);
    expect(atOnce(layout) % (layout.columns * layout.rows)).toBe(0);
    expect(inPieces([1, 2, 3], 2)).toEqual([[1, 2], [3]]);
  });
});

describe('the codes of a batch', () => {
  it('are those of the devices that were made, with their place in the file', () => {
    const file = [
      'ProductId,DeviceName,DevicePsk,QR-code,Error',
      'P,unit-1,key,"{""DeviceName"":""unit-1""}",',
      'P,unit 2,,,no name',
      'P,unit-3,key,"{""DeviceName"":""unit-3""}",',
    ].join('\r\n');
    expect(codesIn(file)).toEqual([
      { number: 1, name: 'unit-1', text: '{"DeviceName":"unit-1"}' },
      { number: 3, name: 'unit-3', text: '{"DeviceName":"unit-3"}' },
    ]);
  });

  it('are not in the file of a batch without codes', () => {
    expect(codesIn('ProductId,DeviceName,DevicePsk,Error\nP,unit-1,key,')).toEqual([]);
  });
});
