import { types } from 'node:util';
import type { ErrorRecord } from '../events/event-words.js';
import { boundedText } from '../../kernel/values/bounded-text.js';

/** Most bytes of UTF-8. */
const MESSAGE_BYTES = 1_024;
const STACK_BYTES = 4_096;
/** Most characters. */
const LONGEST_NAME = 100;

/** What a handler threw, as it crosses threads and is kept. Never throws, whatever was thrown. */
export function errorRecordOf(thrown: unknown): ErrorRecord {
  return recordOf(thrown, true);
}

/** An error again: not of its class, which may not even be loaded here, but with its name, code, stack and cause. */
export function errorFrom(record: ErrorRecord): Error {
  const cause = record.cause === undefined ? undefined : { cause: errorFrom(record.cause) };
  const error = new Error(record.message, cause);
  hide(error, 'name', record.name);
  hide(error, 'stack', record.stack ?? `${record.name}: ${record.message}`);
  return record.code === undefined ? error : Object.assign(error, { code: record.code });
}

function recordOf(thrown: unknown, withCause: boolean): ErrorRecord {
  if (!isError(thrown)) return recordOfValue(thrown);
  const whole = textOr(read(thrown, 'message'), '');
  const message = boundedBytes(whole, MESSAGE_BYTES);
  const stack = stackOf(thrown, whole, message);
  const code = codeOf(thrown);
  const cause = withCause ? causeOf(thrown) : undefined;
  return {
    name: nameOf(thrown),
    message,
    ...(stack !== undefined && { stack }),
    ...(code !== undefined && { code }),
    ...(cause !== undefined && { cause: recordOf(cause, false) }),
  };
}

/** Of what is no error: `throw 'text'`, `Promise.reject()`, an object of a protocol. */
function recordOfValue(thrown: unknown): ErrorRecord {
  const code = codeOf(thrown);
  const text = boundedBytes(textOfValue(thrown), MESSAGE_BYTES - 64);
  return {
    name: 'Error',
    message: `What was thrown is not an Error: ${text}`,
    ...(code !== undefined && { code }),
  };
}

function textOfValue(thrown: unknown): string {
  const message = read(thrown, 'message');
  if (typeof message === 'string') return message;
  try {
    // An object without a text of its own says no more than its kind.
    return String(thrown);
  } catch {
    return typeof thrown;
  }
}

/** Errors of other realms too, such as those that Node's own modules throw under Jest. */
function isError(thrown: unknown): thrown is object {
  if (types.isNativeError(thrown)) return true;
  try {
    return thrown instanceof Error;
  } catch {
    return false;
  }
}

/** A class that gives itself no name is known by that of its constructor. */
function nameOf(error: object): string {
  const name = textOr(read(error, 'name'), 'Error') || 'Error';
  if (name !== 'Error') return boundedText(name, LONGEST_NAME);
  return boundedText(textOr(read(read(error, 'constructor'), 'name'), name) || name, LONGEST_NAME);
}

/** The stack begins with the message: where that was cut, it is cut there too, so that places remain. */
function stackOf(error: object, whole: string, message: string): string | undefined {
  const stack = read(error, 'stack');
  if (typeof stack !== 'string') return undefined;
  const shorter = whole === message ? stack : stack.replace(whole, () => message);
  return boundedBytes(shorter, STACK_BYTES);
}

function codeOf(thrown: unknown): string | number | undefined {
  const code = read(thrown, 'code');
  if (typeof code === 'number') return code;
  return typeof code === 'string' ? boundedText(code, LONGEST_NAME) : undefined;
}

/** Several errors in one, as a connection to several addresses throws: the first says most. */
function causeOf(error: object): unknown {
  return read(error, 'cause') ?? read(read(error, 'errors'), '0');
}

/** A property, if it can be read: getters and proxies may throw. */
function read(from: unknown, property: string): unknown {
  if ((typeof from !== 'object' && typeof from !== 'function') || from === null) return undefined;
  try {
    return (from as Readonly<Record<string, unknown>>)[property];
  } catch {
    return undefined;
  }
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

function boundedBytes(text: string, bytes: number): string {
  let kept = boundedText(text, bytes);
  for (let size = Buffer.byteLength(kept); size > bytes; size = Buffer.byteLength(kept)) {
    kept = boundedText(kept, Math.max(1, Math.floor((kept.length * bytes) / size) - 1));
  }
  return kept;
}

function hide(error: Error, property: string, value: string): void {
  Object.defineProperty(error, property, { value, writable: true, configurable: true });
}
