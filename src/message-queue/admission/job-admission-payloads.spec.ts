import { InvalidPayloadError } from '../jobs/errors.js';
import { admit, refused } from '../../../test/support/admission-fixture.js';

describe('admitJob and payloads', () => {
  it('turns dates into ISO text and drops what is undefined', () => {
    const payload = { at: new Date(0), none: undefined, list: [null, true, 'x'], nested: { n: 1.5 } };
    expect(JSON.parse(admit({}, payload).json)).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      list: [null, true, 'x'],
      nested: { n: 1.5 },
    });
  });

  it('takes instances of DTO classes and objects without a prototype', () => {
    class Dto {
      constructor(readonly text: string) {}
    }
    const bare: unknown = Object.assign(Object.create(null), { x: 1 });
    expect(JSON.parse(admit({}, { dto: new Dto('x'), bare }).json)).toEqual({
      dto: { text: 'x' },
      bare: { x: 1 },
    });
  });

  const circular: Record<string, unknown> = { a: {} };
  (circular.a as Record<string, unknown>).back = circular;
  let deep: object = {};
  for (let level = 0; level < 70; level++) deep = { d: deep };
  const bomb: Record<string, unknown> = {};
  let layer: unknown = bomb;
  for (let level = 0; level < 40; level++) layer = [layer, layer];

  it.each<[string, unknown, string]>([
    ['circular', circular, 'a.back'],
    ['bigint', { a: [{ n: 5n }] }, 'a.0.n'],
    ['Map', { m: new Map() }, 'm'],
    ['Set', { s: new Set() }, 's'],
    ['function', { f: () => 1 }, 'f'],
    ['symbol', { s: Symbol('x') }, 's'],
    ['symbol key', { o: { [Symbol('k')]: 1 } }, 'o'],
    ['NaN', { n: Number.NaN }, 'n'],
    ['Infinity', { n: Number.NEGATIVE_INFINITY }, 'n'],
    ['invalid date', { d: new Date('x') }, 'd'],
    ['toJSON', { t: { toJSON: () => 1 } }, 't'],
    ['Buffer', { b: Buffer.from('x') }, 'b'],
    ['typed array', { b: new Uint8Array(2) }, 'b'],
    ['RegExp', { r: /x/ }, 'r'],
    ['Error', { e: new Error('x') }, 'e'],
    ['boxed', { e: Object('x') as unknown }, 'e'],
    ['undefined in a list', { l: [1, undefined] }, 'l.1'],
    ['hole in a list', { l: new Array(1) }, 'l.0'],
    ['__proto__', JSON.parse('{"x":{"__proto__":{"admin":true}}}'), 'x.__proto__'],
    ['a list', [1], 'payload'],
    ['null', null, 'payload'],
    ['a text', 'x', 'payload'],
    ['a date', new Date(), 'payload'],
    ['exponential sharing', { layer }, 'payload'],
  ])('refuses %s and says where', (_name, payload, path) => {
    const error = refused(() => admit({}, payload));
    expect(error).toBeInstanceOf(InvalidPayloadError);
    expect(error.issues.map((issue) => issue.path)).toEqual([path]);
  });

  it('refuses what is too deep, in bounded words', () => {
    const error = refused(() => admit({}, deep));
    expect(error.message).toContain('64 levels');
    expect(error.message.length).toBeLessThan(400);
  });

  it('reports several paths, and never the content', () => {
    const error = refused(() => admit({}, { secret: 'TOP-SECRET', a: 1n, list: [{ b: new Map() }] }));
    expect(error.issues.map((issue) => issue.path)).toEqual(['a', 'list.0.b']);
    expect(error.message).not.toContain('TOP-SECRET');
  });

  it('refuses a payload whose getters throw, with the cause', () => {
    const payload = {
      get x(): string {
        throw new Error('boom');
      },
    };
    expect(refused(() => admit({}, payload)).cause).toMatchObject({ message: 'boom' });
  });

  it('names both sizes of a payload that is too large, in bytes, not characters', () => {
    expect(admit({}, { t: 'x'.repeat(1992) }).bytes).toBe(2000);
    expect(refused(() => admit({}, { t: 'x'.repeat(1993) })).message).toMatch(
      /2001 bytes.*the limit is 2000/,
    );
    expect(refused(() => admit({}, { t: 'ü'.repeat(1900) })).message).toContain('3808 bytes');
    expect(refused(() => admit({ sizeLimit: 10 }, { t: 'xxxxxxxx' })).message).toContain('the limit is 10');
  });
});
