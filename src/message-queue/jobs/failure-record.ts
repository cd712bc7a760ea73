import { boundedText, LONGEST_ERROR_TEXT } from '../../kernel/values/bounded-text.js';
import { MessageQueueError } from '../../kernel/errors.js';
import type { FailureRecord } from './managed-job.js';

const MAX_STACK_LINES = 8;
const MAX_STACK_LINE = 300;
/** As stack traces name it: a path, or the URL of a module. */
const HERE = new RegExp(`(file://)?${process.cwd().replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}[/\\\\]`);

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
  return {
    at,
    attempt,
    kind,
    error: boundedText(error instanceof MessageQueueError ? error.code : error.name, 100),
    message: boundedText(error.message),
    ...(stack !== '' && { stack }),
  };
}

/** The error itself, or, when it is too large to be stored with a job, a copy with the same name and code and less text. */
export function boundedError(error: Error): Error {
  const isSmall =
    error.message.length <= LONGEST_ERROR_TEXT && (error.stack ?? '').length <= LONGEST_ERROR_TEXT * 2;
  if (isSmall) return error;
  const copy = new Error(boundedText(error.message), { cause: error });
  copy.name = boundedText(error.name, 100);
  copy.stack = `${copy.name}: ${copy.message}\n${framesOf(error).replace(/^/gm, '    ')}`;
  if ('code' in error) Object.assign(copy, { code: error.code });
  return copy;
}

/** Only the lines that name a place in the host's code and its packages, as seen from the working directory: at most 8. */
export function framesOf(error: Error): string {
  const { stack } = error;
  if (typeof stack !== 'string') return '';
  // The frames follow the message; a megabyte of message is not split into lines first.
  const start = stack.indexOf('\n    at ', Math.min(error.message.length, stack.length));
  if (start === -1) return '';
  return stack
    .slice(start + 1, start + 20_000)
    .split('\n', 2 * MAX_STACK_LINES)
    .filter((line) => !line.includes('(node:internal/'))
    .slice(0, MAX_STACK_LINES)
    .map((line) => boundedText(line.trim().replace(HERE, ''), MAX_STACK_LINE))
    .join('\n');
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

/** What handlers throw may be anything, getters that throw included; nothing of it may end the executor. */
function readProperty(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}
