import { escaped } from '../logging/printable.js';

const LONGEST_QUOTE = 40;

/** What kind of thing a value is, without the value: for everything that may be content or a secret. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') {
    if (value.trim() === '') return value === '' ? 'an empty string' : 'a blank string';
    return `a string of ${value.length} character${value.length === 1 ? '' : 's'}`;
  }
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value !== 'object') return value === undefined ? 'undefined' : `a ${typeof value}`;
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  const constructor: unknown = (value as { constructor?: unknown }).constructor;
  const name = tag === 'Object' && typeof constructor === 'function' ? constructor.name : tag;
  if (name === 'Object' || name === '') return 'an object';
  return /^[aeiou]/i.test(name) ? `an ${name}` : `a ${name}`;
}

/** What may hold a password, as it is or percent-encoded: an address, `user@host`, parameters. */
const MAY_HOLD_PASSWORD = /:\/\/|%3a|\S@\S|%40|\w=\S/i;

/**
 * A value as a message quotes it, on one line and short. For settings and options only, never for content. What may be an address is not
 * quoted, whichever setting it was meant for: it may hold a password, and where one ends is not sure in an address that is wrong.
 */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    if (MAY_HOLD_PASSWORD.test(value)) return addressShown(value);
    return quoted(value.length > LONGEST_QUOTE ? `${value.slice(0, LONGEST_QUOTE)}…` : value);
  }
  if (typeof value === 'bigint') return `the bigint ${value}`;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : kindOf(value);
}

/** A text in quotes, on one line: quotes and backslashes in it with a backslash, and control characters as escapes such as `\u000a`. */
export function quoted(text: string): string {
  return `"${escaped(text.replace(/["\\]/g, '\\$&'))}"`;
}

/** What kind of address it is, without a part of it that may be a password. */
export function addressShown(value: unknown): string {
  const scheme = typeof value === 'string' ? /^[a-z]{2,10}:\/\//i.exec(value)?.[0] : undefined;
  return scheme === undefined ? kindOf(value) : `${kindOf(value)} that begins with "${scheme}"`;
}

/**
 * The one sentence about a wrong value: `must be a whole number from 1 to 100, got "many"`.
 * @param expected what is allowed
 * @param got the value in words, see {@link shown} and {@link kindOf}; undefined where there is none
 * @param reason why, where `expected` does not say it all
 */
export function mustBe(expected: string, got: string | undefined, reason?: string): string {
  const because = reason === undefined ? '' : ` (${reason})`;
  return got === undefined ? `is missing; must be ${expected}` : `must be ${expected}, got ${got}${because}`;
}
