import { describe, expect, it } from 'vitest';

import { lookAtNames } from './names';
import { BURN_PRODUCT, isReady, NO_PLAN, planned, uploadOf, withBurn, type Plan } from './plan';

const text = 'serial,remark\nunit 1,\nunit-2,\n';
const file = { name: 'n.csv', text, report: lookAtNames(text) };

describe('a planned batch', () => {
  it('has as many devices as are asked for, or as the file has good rows', () => {
    expect(planned({ ...NO_PLAN, count: 7 })).toBe(7);
    expect(planned({ ...NO_PLAN, naming: 'file', file })).toBe(2);
    expect(isReady({ ...NO_PLAN, count: null })).toBe(false);
    expect(isReady({ ...NO_PLAN, naming: 'file' })).toBe(false);
  });

  it('takes its names from a file where devices fetch their keys', () => {
    expect(withBurn(NO_PLAN, BURN_PRODUCT).naming).toBe('file');
  });

  it('sends the file as it is, or without the rows that make no device', () => {
    const plan: Plan = { ...NO_PLAN, naming: 'file', file };
    expect(uploadOf(plan)).toBe('DeviceName\nserial\nunit-2\n');
    expect(uploadOf({ ...plan, leaveOut: false })).toBe(text);
  });
});
