import { problemWith, Refusal } from './kind.js';
import type { Kind } from './kind.js';
import {
  flag,
  id,
  isRecord,
  matching,
  milliseconds,
  moment,
  numberFrom,
  oneOf,
  record,
  secret,
  text,
  timeZone,
  wholeNumber,
} from './kinds.js';

const NO_NUMBERS = ['5', '', null, undefined, true, Number.NaN, Infinity, -Infinity, {}, [5], 5n];

describe('the kinds of values', () => {
  const cases: [kind: string, of: Kind<unknown>, right: unknown[], wrong: unknown[]][] = [
    ['whole number', wholeNumber(1, 10), [1, 10], [...NO_NUMBERS, 0, 11, 1.5]],
    ['whole number without a bound', wholeNumber(0), [0, Number.MAX_SAFE_INTEGER], [-1, 2 ** 53, 0.5]],
    ['milliseconds', milliseconds(0, 5), [0, 5], [...NO_NUMBERS, 6, -1]],
    ['number', numberFrom(0, 1), [0, 0.5, 1], [...NO_NUMBERS, 1.01, -0.01]],
    ['number without a bound', numberFrom(1, Infinity), [1, 1.5, Infinity], [0.5, Number.NaN, '5']],
    ['flag', flag(), [true, false], ['true', 1, 0, null, undefined]],
    ['one of', oneOf('memory', 'redis'), ['memory'], ['Memory', 'constructor', 7, null]],
    ['text', text(3), ['abc', ' '], ['', 'abcd', 7, null, ['a']]],
    ['id', id(3), ['abc'], ['', '  ', 'abcd', 7, null, {}]],
    ['form', matching('digits', /^\d+$/), ['12'], ['x', 12, null]],
    ['record', record(), [{}, new Map()], [[], null, 'x', () => ({})]],
    ['moment', moment(), [new Date(), 0, '2026-01-01'], [new Date('x'), 'soon', null, {}, Number.NaN]],
    ['time zone', timeZone(), ['Europe/Berlin', 'UTC'], ['Europe/Bonn', '', 7, null]],
  ];

  it.each(cases)('%s takes what is right and nothing else', (_name, kind, right, wrong) => {
    for (const value of right) expect(problemWith(value, kind)).toBeUndefined();
    for (const value of wrong) expect(problemWith(value, kind)).toContain(`must be ${kind.expected}`);
  });

  it('word every problem alike', () => {
    expect(problemWith('many', wholeNumber(1, 100))).toBe('must be a whole number from 1 to 100, got "many"');
    expect(problemWith(undefined, milliseconds(1))).toBe(
      'is missing; must be a whole number of milliseconds from 1',
    );
    expect(problemWith(-1, numberFrom(0, undefined, 'seconds'))).toBe(
      'must be a number of seconds from 0, got -1',
    );
    expect(problemWith('reddis', oneOf('memory', 'redis'))).toBe(
      'must be one of "memory", "redis", got "reddis" (did you mean "redis"?)',
    );
    expect(problemWith([1, 2], record())).toBe('must be an object, got a list of 2');
  });

  it('show no content and no secret', () => {
    const hidden = [text(3), id(3), secret(matching('digits', /^\d+$/)), secret(wholeNumber(1, 2))];
    for (const kind of hidden) expect(problemWith('hunter22', kind)).toMatch(/got a string of 8 characters$/);
    expect(problemWith(4711, secret(text(3)))).toMatch(/got a number$/);
    expect(problemWith('x'.repeat(500), oneOf('a'))?.length).toBeLessThan(80);
  });

  it('read the text of a variable', () => {
    const read = (kind: Kind<unknown>, written: string): unknown => kind.fromText(written);
    expect(read(wholeNumber(1, 10), '7')).toBe(7);
    expect(read(numberFrom(0, 1), '.5')).toBe(0.5);
    expect(['true', 'ON', 'yes', '1'].map((word) => read(flag(), word))).toEqual(Array(4).fill(true));
    expect(['false', 'Off', 'no', '0'].map((word) => read(flag(), word))).toEqual(Array(4).fill(false));
    for (const written of ['1e1', '0x7', '7.0', '', '11', 'seven']) {
      expect(read(wholeNumber(1, 10), written)).toBeInstanceOf(Refusal);
    }
  });

  it('tell objects with keys from everything else', () => {
    expect([{}, Object.create(null)].map(isRecord)).toEqual([true, true]);
    expect([null, [], 'x', undefined, 5].map(isRecord)).toEqual(Array(5).fill(false));
  });
});
