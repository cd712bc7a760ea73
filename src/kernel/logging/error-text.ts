import { MessageQueueError } from '../errors.js';
import { boundedText } from '../values/bounded-text.js';

const MAX_STACK_LINES = 8;
const MAX_STACK_LINE = 300;
/** As stack traces name it: a path, or the URL of a module. */
const HERE = new RegExp(`(file://)?${process.cwd().replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}[/\\\\]`);

const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$.]{0,99}$/u;
const CODE = /^[\w.:-]{1,64}$/;
/** A place, or what V8 writes where there is none. */
const FRAME = /^at (?:.*\()?(?:[^()]*:\d+:\d+|native|<anonymous>|index \d+)\)?$/;
/** How deep causes are named. */
const MOST_CAUSES = 4;

/** What is told of an error where nothing else of it may be. */
export interface ErrorText {
  readonly name: string;
  /** The error's own, if it is a word or a number. */
  readonly code?: string | number;
  readonly message: string;
  /** As {@link framesOf} has them. */
  readonly frames: string;
}

/** What stands where a text would be that may quote content. */
export const TEXT_LEFT_OUT = '[text left out]';

/** The text of an error, bounded; what stands in place of a name or a frame and does not look like one is left out. */
export function errorTextOf(error: Error): ErrorText {
  const code = readProperty(error, 'code');
  return {
    name: NAME.test(error.name) ? error.name : 'Error',
    ...(isCode(code) && { code }),
    message: boundedText(error.message),
    frames: framesOf(error)
      .split('\n')
      .filter((line) => FRAME.test(line))
      .join('\n'),
  };
}

/** An error of the same class with this text, without a cause and whatever else the first one carries. */
export function errorWith(error: Error, { name, code, message, frames }: ErrorText): Error {
  const copy = new Error(message);
  if (error instanceof Error) Object.setPrototypeOf(copy, Object.getPrototypeOf(error) as object);
  // On the error itself: a class may have getters for them that only its own errors answer.
  const hidden = { name, message, stack: `${name}: ${message}\n${frames.replace(/^/gm, '    ')}` };
  for (const [key, value] of Object.entries(hidden)) {
    Object.defineProperty(copy, key, { value, writable: true, configurable: true });
  }
  if ('code' in error) Object.defineProperty(copy, 'code', { value: code, enumerable: true });
  if (error instanceof MessageQueueError) {
    const { queue, job, jobId } = error;
    if (queue !== undefined) Object.assign(copy, { queue });
    if (job !== undefined) Object.assign(copy, { job });
    if (jobId !== undefined) Object.assign(copy, { jobId });
  }
  return copy;
}

/** What is told of an error where nobody can say whether it quotes content: its class, code and places. */
export function withoutText(error: Error): Error {
  return errorWith(error, { ...errorTextOf(error), message: TEXT_LEFT_OUT });
}

/**
 * Names and codes of an error and of what caused it, without a word of their texts, for those who cannot say whether these quote content:
 * `SmtpError SMTP_FAILED, Error ECONNREFUSED`.
 */
export function errorCodesOf(thrown: unknown): string {
  const parts: string[] = [];
  for (
    let error = thrown;
    parts.length < MOST_CAUSES && error !== undefined;
    error = readProperty(error, 'cause')
  ) {
    const name = readProperty(error, 'name');
    const code = readProperty(error, 'code');
    const known = typeof name === 'string' && NAME.test(name) ? name : typeof error;
    parts.push(isCode(code) ? `${known} ${code}` : known);
  }
  return parts.join(', ') || 'undefined';
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

function isCode(code: unknown): code is string | number {
  return typeof code === 'number' || (typeof code === 'string' && CODE.test(code));
}

/** A property of whatever was thrown: undefined where it has none, or a getter that throws. */
export function readProperty(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}
