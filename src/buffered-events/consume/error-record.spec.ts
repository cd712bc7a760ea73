import { readFileSync } from 'node:fs';
import { InvalidConfigurationError } from '../../kernel/errors.js';
import { errorFrom, errorRecordOf } from './error-record.js';

class OutOfStock extends Error {
  readonly code = 'OUT_OF_STOCK';
  constructor(readonly article: string) {
    super(`no ${article} left`, { cause: new TypeError('shelf is empty', { cause: new Error('deeper') }) });
  }
}

function thrower(): never {
  throw new Error('unreadable');
}

const unreadable = new Proxy({}, { get: thrower, getPrototypeOf: thrower, has: thrower, ownKeys: thrower });

test('carries class, message, code, stack and one level of cause there and back', () => {
  const record = errorRecordOf(new OutOfStock('tea'));
  expect(record).toEqual({
    name: 'OutOfStock',
    message: 'no tea left',
    code: 'OUT_OF_STOCK',
    stack: expect.stringContaining('error-record.spec'),
    cause: {
      name: 'TypeError',
      message: 'shelf is empty',
      stack: expect.stringContaining('error-record.spec'),
    },
  });
  const error = errorFrom(structuredClone(record));
  expect(error).toBeInstanceOf(Error);
  expect(errorRecordOf(error)).toEqual(record);
});

test('keeps the name that an error gives itself', () => {
  expect(errorRecordOf(new InvalidConfigurationError('wrong', [])).name).toBe('InvalidConfigurationError');
  expect(errorRecordOf(Object.assign(new Error('x'), { name: 'AbortError' })).name).toBe('AbortError');
});

test('cuts message and stack, and places remain', () => {
  const record = errorRecordOf(new Error('é'.repeat(100_000)));
  expect(Buffer.byteLength(record.message)).toBeLessThanOrEqual(1_024);
  expect(record.message).toMatch(/^é{100,}…$/);
  expect(Buffer.byteLength(record.stack!)).toBeLessThanOrEqual(4_096);
  expect(record.stack).toContain('error-record.spec');
});

test('knows errors of other realms, and the first of several', () => {
  const several = new AggregateError([new Error('refused'), new Error('refused too')], '');
  expect(errorRecordOf(several)).toMatchObject({ name: 'AggregateError', cause: { message: 'refused' } });
  let foreign: unknown;
  try {
    readFileSync('/does/not/exist');
  } catch (error) {
    foreign = error;
  }
  expect(errorRecordOf(foreign)).toMatchObject({ name: 'Error', code: 'ENOENT' });
});

test.each([
  ['text', 'What was thrown is not an Error: text'],
  [undefined, 'What was thrown is not an Error: undefined'],
  [null, 'What was thrown is not an Error: null'],
  [Symbol('s'), 'What was thrown is not an Error: Symbol(s)'],
  [Object.create(null), 'What was thrown is not an Error: object'],
  [{ message: 'shaped like one', code: 5 }, 'What was thrown is not an Error: shaped like one'],
  [unreadable, 'What was thrown is not an Error: object'],
])('takes what is thrown and no Error: %#', (thrown, message) => {
  const record = errorRecordOf(thrown);
  expect(record.message).toBe(message);
  expect(structuredClone(record)).toEqual(record);
});

test.each([
  Object.defineProperty(new Error('x'), 'stack', { get: thrower }),
  Object.defineProperty(new Error('x'), 'message', { get: thrower }),
  Object.defineProperty(new Error('x'), 'cause', { get: thrower }),
  Object.assign(new Error('x'), { message: 7, code: { a: 1 }, stack: null, name: Symbol('n') }),
  new Proxy(new Error('x'), { get: thrower }),
  Object.assign(new Error('x'), { cause: unreadable }),
])('takes an error of which not all can be read: %#', (thrown) => {
  const record = errorRecordOf(thrown);
  expect(record).toMatchObject({ name: 'Error', message: expect.any(String) });
  expect(structuredClone(record)).toEqual(record);
});
