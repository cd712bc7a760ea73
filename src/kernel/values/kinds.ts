import { closestTo } from './did-you-mean.js';
import { kind, kindThat, Refusal } from './kind.js';
import type { Kind } from './kind.js';
import { ILL_FORMED, isWellFormed } from './well-formed.js';
import { addressShown, kindOf } from './words.js';

const TRUE_WORDS: ReadonlySet<unknown> = new Set(['true', '1', 'yes', 'on']);
const FALSE_WORDS: ReadonlySet<unknown> = new Set(['false', '0', 'no', 'off']);

/** A whole number within bounds, both inclusive. @param unit in the plural, for example `bytes` */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER, unit?: string): Kind<number> {
  const is = (value: unknown): boolean =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
  return numberKind('whole number', is, /^[+-]?\d+$/, { min, max, unit });
}

/** A whole number of milliseconds. */
export function milliseconds(min: number, max?: number): Kind<number> {
  return wholeNumber(min, max, 'milliseconds');
}

/** A finite number within bounds, both inclusive, fractions too. */
export function numberFrom(min: number, max = Number.MAX_SAFE_INTEGER, unit?: string): Kind<number> {
  const is = (value: unknown): boolean => typeof value === 'number' && value >= min && value <= max;
  return numberKind('number', is, /^\d*\.?\d+$/, { min, max, unit });
}

function numberKind(
  noun: string,
  is: (value: unknown) => boolean,
  written: RegExp,
  { min, max, unit }: { readonly min: number; readonly max: number; readonly unit?: string },
): Kind<number> {
  const of = unit === undefined ? '' : ` of ${unit}`;
  const to = max >= Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`;
  const read = (value: unknown): number | Refusal => (is(value) ? (value as number) : new Refusal());
  return kind(`a ${noun}${of} from ${min}${to}`, read, {
    fromText: (text) => read(written.test(text) ? Number(text) : text),
  });
}

/** True or false; a variable may use the usual words for them. */
export function flag(): Kind<boolean> {
  return kindThat('true or false', (value) => typeof value === 'boolean', {
    fromText: (text) => {
      const word = text.toLowerCase();
      return TRUE_WORDS.has(word) ? true : FALSE_WORDS.has(word) ? false : new Refusal();
    },
  });
}

/** One of a closed set of words; a near miss gets a suggestion. */
export function oneOf<const Words extends readonly string[]>(...words: Words): Kind<Words[number]> {
  const quoted = words.map((word) => JSON.stringify(word)).join(', ');
  return oneOfThese(words.length === 1 ? quoted : `one of ${quoted}`, words);
}

/** A name that is known, for example that of a queue; a near miss gets a suggestion. */
export function knownName(noun: string, names: readonly string[]): Kind<string> {
  return oneOfThese(`${noun} (${names.join(', ')})`, names);
}

function oneOfThese<Word extends string>(expected: string, words: readonly Word[]): Kind<Word> {
  return kind(expected, (value) => {
    if (words.includes(value as Word)) return value as Word;
    const closest = typeof value === 'string' ? closestTo(value, words) : undefined;
    return new Refusal(closest === undefined ? undefined : `did you mean "${closest}"?`);
  });
}

/** A string that is not empty; messages say its length, not the string. */
export function text(maxLength = Number.MAX_SAFE_INTEGER): Kind<string> {
  const isBounded = maxLength < Number.MAX_SAFE_INTEGER;
  return textKind(
    isBounded ? `a string of 1 to ${maxLength} characters` : 'a string that is not empty',
    (value) => value !== '' && value.length <= maxLength,
    { show: kindOf },
  );
}

/** A string that is not blank, so that it names something; messages say its length, not the string. */
export function id(maxLength = Number.MAX_SAFE_INTEGER): Kind<string> {
  return textKind(
    maxLength < Number.MAX_SAFE_INTEGER
      ? `a string of 1 to ${maxLength} characters, not blank`
      : 'a string that is not blank',
    (value) => value.trim() !== '' && value.length <= maxLength,
    { show: kindOf },
  );
}

/** A string of a form; the first words of the message say which. */
export function matching(expected: string, pattern: RegExp): Kind<string> {
  return textKind(expected, (value) => pattern.test(value));
}

/** A text of a setting, an option or a call; most of them become a key somewhere, so all are well-formed. */
function textKind(
  expected: string,
  is: (value: string) => boolean,
  further: { readonly show?: (value: unknown) => string } = {},
): Kind<string> {
  const read = (value: unknown): string | Refusal => {
    if (typeof value !== 'string' || !is(value)) return new Refusal();
    return isWellFormed(value) ? value : new Refusal(ILL_FORMED);
  };
  return kind(expected, read, further);
}

/** An object with keys: neither null nor a list. */
export function record<T extends object = Readonly<Record<string, unknown>>>(
  expected = 'an object',
): Kind<T> {
  return kindThat(expected, isRecord);
}

/** Whether a value is an object with keys: neither null nor a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A function, or what else `orElse` takes. */
export function code<T>(expected: string, orElse: (value: unknown) => boolean = () => false): Kind<T> {
  return kindThat(expected, (value) => typeof value === 'function' || orElse(value));
}

/** An IANA time zone. */
export function timeZone(): Kind<string> {
  return kindThat('an IANA time zone such as "Europe/Berlin"', (value) => {
    if (typeof value !== 'string' || value === '') return false;
    try {
      new Intl.DateTimeFormat('en', { timeZone: value });
      return true;
    } catch {
      return false;
    }
  });
}

/** A point in time, read as milliseconds since the epoch: a Date, milliseconds, or a string that `Date` can read. */
export function moment(): Kind<number, Date | string | number> {
  return kind('a Date, ISO 8601 string or milliseconds since the epoch', (value) => {
    const isReadable = value instanceof Date || typeof value === 'string' || typeof value === 'number';
    const at = isReadable ? new Date(value).getTime() : Number.NaN;
    return Number.isNaN(at) ? new Refusal() : at;
  });
}

/** The same kind, whose wrong values are never shown. */
export function secret<T, Given>(of: Kind<T, Given>): Kind<T, Given> {
  return kind(of.expected, of.read, { ...of, show: kindOf });
}

/** Secrets of fewer bytes can be guessed. */
const SHORTEST_SECRET_BYTES = 16;

/**
 * A secret that both sides have: 16 bytes at least, and not one byte again and again. Never shown.
 * @param bytesOf the bytes that a text stands for; default: those of its UTF-8
 * @param shortestBytes how many there must be at least
 */
export function sharedSecret(
  bytesOf: (text: string) => Uint8Array = utf8,
  shortestBytes = SHORTEST_SECRET_BYTES,
): Kind<string> {
  const isHardToGuess = (bytes: Uint8Array): boolean =>
    bytes.length >= shortestBytes && bytes.some((byte) => byte !== bytes[0]);
  return kindThat(
    `a secret of at least ${shortestBytes} bytes, such as openssl rand -base64 24 makes`,
    (value) => typeof value === 'string' && isHardToGuess(bytesOf(value)),
    { show: kindOf },
  );
}

function utf8(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

/**
 * An address of one of these schemes, which may hold a password. Refused where it is not certain which part is the password: what the
 * parser then takes for a host is named in errors and logs. Nothing but its scheme is ever shown.
 */
export function address(...schemes: readonly string[]): Kind<string> {
  const expected = `an address that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
  const read = (value: unknown): string | Refusal => {
    if (typeof value !== 'string' || !schemes.some((scheme) => value.startsWith(`${scheme}://`)))
      return new Refusal();
    return isCertain(value) ? value : new Refusal('write / ? # and @ in a password as %2F %3F %23 and %40');
  };
  return kind(expected, read, { show: addressShown });
}

function isCertain(url: string): boolean {
  // PostgreSQL's addresses of a socket have a user and no host.
  const withHost = url.replace('@/', '@localhost/');
  if (/\s/.test(url) || !URL.canParse(withHost)) return false;
  const { pathname, search, hash } = new URL(withHost);
  return hash === '' && !`${pathname}${search}`.includes('@');
}
