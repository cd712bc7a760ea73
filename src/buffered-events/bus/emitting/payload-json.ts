import { types } from 'node:util';
import { EventNotSerializableError, EventTooLargeError } from '../../events/errors.js';

/** A payload as it is stored. */
export interface PayloadJson {
  readonly json: string;
  /** Of UTF-8. */
  readonly bytes: number;
}

/**
 * A payload as JSON, made once and here, so that nobody's later change of the object is carried.
 * @param maxBytes `maxEventSize`
 * @throws EventNotSerializableError for what JSON cannot say; its text quotes nothing of the payload
 * @throws EventTooLargeError
 */
export function payloadJson(type: string, payload: unknown, maxBytes: number): PayloadJson {
  const json = textOf(type, payload);
  const bytes = Buffer.byteLength(json);
  if (bytes > maxBytes) throw new EventTooLargeError(type, bytes, maxBytes);
  return { json, bytes };
}

/** Which returns nothing for what JSON has no word for, whatever its type says. */
const stringify: (value: unknown) => string | undefined = JSON.stringify;

function textOf(type: string, payload: unknown): string {
  let json: string | undefined;
  try {
    json = stringify(payload);
  } catch (error) {
    throw notSerializable(type, reasonOf(error), isOfJson(error) ? undefined : error);
  }
  if (json === undefined) {
    const what = payload === undefined ? 'undefined' : `a ${typeof payload}`;
    throw notSerializable(
      type,
      typeof payload === 'object'
        ? 'its toJSON() returns nothing'
        : `it is ${what}; null is what JSON has for nothing`,
    );
  }
  return json;
}

function notSerializable(type: string, reason: string, cause?: unknown): EventNotSerializableError {
  return new EventNotSerializableError(
    `The payload of an event of type "${type}" cannot be JSON: ${reason}. ` +
      'Emit plain data: objects, lists, strings, finite numbers, true, false, null.',
    { cause },
  );
}

const BIGINT = /serialize a BigInt/i;
const CYCLE = /circular structure/i;
const TOO_MUCH = /call stack size|string length/i;

/** What V8 itself says names properties of the payload, so that is not passed on. */
function isOfJson(error: unknown): boolean {
  return (
    types.isNativeError(error) && [BIGINT, CYCLE, TOO_MUCH].some((pattern) => pattern.test(error.message))
  );
}

function reasonOf(error: unknown): string {
  if (isOfJson(error)) {
    const { message } = error as Error;
    if (BIGINT.test(message)) return 'it contains a bigint';
    if (CYCLE.test(message)) return 'it contains itself (a cycle)';
    return 'it is nested too deeply, or too large for a string';
  }
  return 'a toJSON() or a getter in it threw';
}
