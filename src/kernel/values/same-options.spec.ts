import { SameObject, sameOptions } from './same-options.js';

describe('sameOptions', () => {
  const handler = (): void => undefined;
  class Adapter {}
  const instance = new Adapter();

  it.each([
    [{}, {}],
    [
      { a: 1, b: { c: ['x', { d: null }] } },
      { b: { c: ['x', { d: null }] }, a: 1 },
    ],
    [{ a: undefined }, {}],
    [
      { use: Adapter, by: handler, of: instance },
      { use: Adapter, by: handler, of: instance },
    ],
    [Number.NaN, Number.NaN],
  ])('says the same: %#', (a, b) => {
    expect(sameOptions(a, b)).toBe(true);
  });

  it.each([
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { a: 1, b: 2 }],
    [
      { a: undefined, b: 1 },
      { a: 1, b: 1 },
    ],
    [
      [1, 2],
      [2, 1],
    ],
    [[1], [1, 2]],
    [[], {}],
    [{ by: () => undefined }, { by: () => undefined }],
    [{ of: new Adapter() }, { of: new Adapter() }],
    [{ at: new Date(1) }, { at: new Date(1) }],
    [null, {}],
  ])('tells apart: %#', (a, b) => {
    expect(sameOptions(a, b)).toBe(false);
  });
});

describe('SameObject', () => {
  it('makes one object for the same options, whatever else is said', () => {
    const objects = new SameObject((options: object, place: string) => ({ options, place }));
    const first = objects.of({ a: [1] }, 'here');
    expect(objects.of({ a: [1] }, 'there')).toBe(first);
    expect(first.place).toBe('here');
    expect(objects.of({ a: [2] }, 'there')).not.toBe(first);
  });
});
