import { boundedText, LONGEST_ERROR_TEXT } from '../../kernel/values/bounded-text.js';
import { MessageQueueError } from '../../kernel/errors.js';
import { framesOf, readProperty } from '../../kernel/logging/error-text.js';
import type { FailureRecord } from './managed-job.js';

/** Whatever a handler threw, as an Error; a value that is not one becomes the cause. */
export function toError(thrown: unknown): Error {
  if (isReadableError(thrown)) return thrown;
  return new Error(`The handler threw a value that is not an Error: ${describe(thrown)}`, { cause: thrown });
}

/** What is remembered of one failed attempt: at most 2 000 characters of the message and 8 lines of the stack. */
export function failureRecordOf(
  error: Error,
  attempt: number,
  kind: FailureRecord['kind'],
  at: number,
): FailureRecord {
  const stack = framesOf(error);
  // One of ours has none when it quoted content.
  const code: unknown = error instanceof MessageQueueError ? error.code : undefined;
  return {
    at,
    attempt,
    kind,
    error: boundedText(typeof code === 'string' ? code : error.name, 100),
    message: boundedText(error.message),
    ...(stack !== '' && { stack }),
  };
}

/** The error itself, or, when it is too large to be stored with a job, a copy of the same class, name and code with less text. */
export function boundedError(error: Error): Error {
  const isSmall =
    error.message.length <= LONGEST_ERROR_TEXT && (error.stack ?? '').length <= LONGEST_ERROR_TEXT * 2;
  if (isSmall) return error;
  const copy = new Error(boundedText(error.message), { cause: error });
  // Which of ours it is decides what is recorded of it.
  if (error instanceof MessageQueueError) Object.setPrototypeOf(copy, Object.getPrototypeOf(error) as object);
  copy.name = boundedText(error.name, 100);
  copy.stack = `${copy.name}: ${copy.message}\n${framesOf(error).replace(/^/gm, '    ')}`;
  if ('code' in error) Object.assign(copy, { code: error.code });
  return copy;
}

/** By what it has, because errors of another realm (Node's own, seen from a test sandbox) are no `instanceof Error`. */
function isReadableError(thrown: unknown): thrown is Error {
  return (['name', 'message', 'stack'] as const).every((key) => {
    const value = readProperty(thrown, key);
    return typeof value === 'string' || (key === 'stack' && thrown instanceof Error);
  });
}

function describe(thrown: unknown): string {
  if (typeof thrown === 'string') return boundedText(thrown);
  const message = readProperty(thrown, 'message');
  if (typeof message === 'string') return boundedText(message);
  return thrown === null ? 'null' : typeof thrown;
}
