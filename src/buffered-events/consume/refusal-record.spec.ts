import {
  EventBufferFullError,
  EventBusClosedError,
  EventNotSerializableError,
  EventTooLargeError,
} from '../events/errors.js';
import { refusalFrom, refusalRecordOf } from './refusal-record.js';

/** What can be seen of an error, its class's own fields included. */
function seen(error: Error): unknown {
  const { name, message } = error;
  return { ...Object.fromEntries(Object.entries(error)), name, message, text: String(error) };
}

test.each([
  new EventTooLargeError('a', 9_000, 5_120),
  new EventBufferFullError('a', 'memory', 20),
  new EventBusClosedError('closed'),
  new EventNotSerializableError('a cycle', { cause: new TypeError('x') }),
  new TypeError('wrong options'),
  Object.assign(new Error('of the host'), { code: 'EHOST' }),
])('is the same error in the thread that called: %p', (error) => {
  const there = refusalFrom(structuredClone(refusalRecordOf(error)));
  expect(there).toBeInstanceOf(error.constructor);
  expect(seen(there)).toEqual(seen(error));
});
