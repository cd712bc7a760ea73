import { InvalidFileKeyError } from './invalid-file-key.error.js';

/** Prefix of the names of files that are still being written; no key starts with it. */
export const TEMPORARY_PREFIX = '.mq-writing-';

/** What a file system allows in a name: 255 bytes on all common ones. */
const MAX_BYTES = 255;
const FORBIDDEN = /[/\\:*?"<>|\p{Cc}]|\p{Surrogate}/u;

/**
 * The file name of a key: the key itself.
 * @throws InvalidFileKeyError for a name that is not plain on every file system: empty, longer than 255 bytes, beginning
 *   with a dot (so `.` and `..` too) or ending with one or a blank, with a separator, a control character or one of `:*?"<>|`
 */
export function fileNameOf(fileKey: string): string {
  const given: unknown = fileKey;
  if (typeof given !== 'string' || given === '') throw refused('is empty or not a string');
  if (Buffer.byteLength(given) > MAX_BYTES) throw refused(`has more than ${MAX_BYTES} bytes`);
  if (given.startsWith('.')) throw refused('begins with a dot');
  if (/[. ]$/.test(given)) throw refused('ends with a dot or a blank');
  if (FORBIDDEN.test(given)) throw refused('contains a path separator or another forbidden character');
  return given;
}

function refused(why: string): InvalidFileKeyError {
  // Without the key: it may be what an attacker sent.
  return new InvalidFileKeyError(
    `A file key ${why}. Keys are plain names such as "9f2c.png", never paths; make them yourself, not from a user's file name.`,
  );
}
