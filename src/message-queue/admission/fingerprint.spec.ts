import { fingerprintOf } from './fingerprint.js';

describe('fingerprintOf', () => {
  it('is the same for the same content in another order, with dates as Dates or as text', () => {
    const one = fingerprintOf({ a: 1, b: { x: [1, null, 'é'], at: new Date(0) }, gone: undefined });
    const two = fingerprintOf(
      JSON.parse('{"b":{"at":"1970-01-01T00:00:00.000Z","x":[1,null,"é"]},"a":1}') as object,
    );
    expect(one).toBe(two);
    expect(one).toMatch(/^[\w-]{43}$/);
  });

  it('leaves out createdAt of the payload, but not a nested one', () => {
    expect(fingerprintOf({ a: 1, createdAt: new Date() })).toBe(fingerprintOf({ a: 1, createdAt: 'x' }));
    expect(fingerprintOf({ a: { createdAt: 1 } })).not.toBe(fingerprintOf({ a: { createdAt: 2 } }));
  });

  it.each([
    [{ a: 1 }, { a: '1' }],
    [{ a: [1, 2] }, { a: [2, 1] }],
    [{ a: 'b"c' }, { a: 'b', c: 1 }],
    [{ a: null }, {}],
    [{ ab: 1 }, { a: { b: 1 } }],
  ])('tells %j from %j', (one, two) => {
    expect(fingerprintOf(one)).not.toBe(fingerprintOf(two));
  });

  it('tells jobs apart by their names where a name counts', () => {
    expect(fingerprintOf({ a: 1 }, 'one')).toBe(fingerprintOf({ a: 1 }, 'one'));
    const names = [undefined, 'one', 'two'].map((job) => fingerprintOf({ a: 1 }, job));
    expect(new Set(names).size).toBe(3);
  });
});
