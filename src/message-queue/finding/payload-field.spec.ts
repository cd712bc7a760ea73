import { hasField, holdsText, payloadField } from './payload-field.js';

describe('payloadField', () => {
  it.each([
    ['a = 1', ['a'], '1'],
    ['user.id=42', ['user', 'id'], '42'],
    [' a.b = "x = y" ', ['a', 'b'], 'x = y'],
    ['a = ', ['a'], ''],
    ['größe.ß = ☂', ['größe', 'ß'], '☂'],
  ])('reads %j', (text, path, value) => {
    expect(payloadField(text)).toEqual({ path, value });
  });

  it.each(['a', '', ' = 1', 'a b = 1', 'a..b = 1', '.a = 1', `${'a.'.repeat(30)}a = 1`])(
    'takes %j for a text',
    (text) => {
      expect(payloadField(text)).toBeNull();
    },
  );
});

describe('hasField', () => {
  const has = (payload: unknown, text: string): boolean => {
    const field = payloadField(text);
    return field !== null && hasField(payload, field);
  };

  it('finds texts, numbers, true, false and null, in lists too', () => {
    const payload = { a: { b: [1, { c: 'x' }], d: null, e: false }, '0': 'zero' };
    expect(
      ['a.b = 1', 'a.b.c = x', 'a.b.1.c = x', 'a.d = null', 'a.e = false', '0 = zero'].map((one) =>
        has(payload, one),
      ),
    ).toEqual(Array.from({ length: 6 }, () => true));
    expect(
      ['a.b.0.c = x', 'a = 1', 'a.d = ', 'x = undefined', 'a.b = 2'].map((one) => has(payload, one)),
    ).toEqual(Array.from({ length: 5 }, () => false));
  });

  it('finds nothing in what is sealed or not an own field', () => {
    expect(has({ user: 1, 'mq:sealed': 'v1…' }, 'user = 1')).toBe(false);
    expect(has({}, 'constructor.name = Object')).toBe(false);
    expect(has(null, 'a = 1')).toBe(false);
    expect(holdsText({ user: 'ann', 'mq:sealed': 'v1…' }, 'ann')).toBe(false);
    expect([holdsText({ user: 'Ann\n' }, 'ann\n'), holdsText(undefined, 'a')]).toEqual([true, false]);
  });
});
