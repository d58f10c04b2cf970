import { describe, expect, it } from 'vitest';

import { bindingText, changed, productsIn } from './binding';

describe('an application', () => {
  it('has its products as JSON in a text', () => {
    expect(productsIn('["A","B"]')).toEqual(['A', 'B']);
    expect([productsIn(''), productsIn('{}'), productsIn('[1,"A"]'), productsIn('x')]).toEqual([
      [],
      [],
      ['A'],
      [],
    ]);
  });

  it('is changed in what is not as it was, emptied members included', () => {
    expect(changed({ a: '1', b: '2', c: '' }, { a: '1', b: undefined, c: '3' })).toEqual({ b: '', c: '3' });
  });
});

describe('a binding code', () => {
  it('says the same as the pictures of a batch', () => {
    expect(bindingText('P', 'd', 's')).toBe('{"DeviceName":"d","ProductId":"P","Signature":"s"}');
  });
});
