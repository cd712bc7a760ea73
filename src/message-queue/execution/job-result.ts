import { UnrecoverableJobError } from '../jobs/errors.js';
import type { ErrorPlace } from '../../kernel/errors.js';

/** Largest result as JSON, in bytes. */
const MAX_RESULT_BYTES = 64 * 1024;

/**
 * What is stored of a handler's return value: what JSON keeps of it; undefined → null.
 * @throws UnrecoverableJobError when it is no JSON or larger than 64 KiB. The work is done and must not be repeated for
 * this, and a result cut short in silence would be worse: the job becomes a dead letter that says why.
 */
export function storableResult(value: unknown, place: ErrorPlace): unknown {
  if (value === undefined || value === null || typeof value === 'boolean') return value ?? null;
  let json: string | undefined;
  try {
    json = stringify(value);
  } catch (cause) {
    throw unstorable('is not JSON (circular, or a bigint in it)', { ...place, cause });
  }
  if (json === undefined) throw unstorable(`is a ${typeof value}, which is not JSON`, place);
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_RESULT_BYTES) {
    throw unstorable(
      `has ${bytes} bytes as JSON, allowed are ${MAX_RESULT_BYTES}: return a reference to it`,
      place,
    );
  }
  return JSON.parse(json) as unknown;
}

/** Its own types forget that a function or a symbol becomes undefined. */
const stringify: (value: unknown) => string | undefined = JSON.stringify;

function unstorable(why: string, place: ErrorPlace): UnrecoverableJobError {
  return new UnrecoverableJobError(
    `The handler of job "${place.job}" in queue "${place.queue}" finished, but its result cannot be stored: it ${why}.`,
    place,
  );
}
