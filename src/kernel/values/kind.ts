import { mustBe, shown } from './words.js';

/** Why a value was refused, where what is expected does not say it all. */
export class Refusal {
  constructor(readonly reason?: string) {}
}

/**
 * One kind of value: what it may be, and how it is read.
 * @typeParam Given what a caller with types may write
 */
export interface Kind<T, Given = T> {
  /** What is allowed; completes "must be …". */
  readonly expected: string;
  /** Takes a value from code, strictly. Makes no object for a value that is right. */
  readonly read: (value: unknown) => T | Refusal;
  /** Takes the text of a variable, trimmed. */
  readonly fromText: (text: string) => T | Refusal;
  /** A value as the text of a variable. */
  toText(value: T): string;
  /** What a message shows of a wrong value. */
  readonly show: (value: unknown) => string;
  /** Only for the compiler. */
  readonly given?: Given;
}

/** What of a kind is not the usual: a text that means something else, a value that must not be shown. */
type Further<T> = Partial<Pick<Kind<T>, 'fromText' | 'toText' | 'show'>>;

/** A kind from how it is read. */
export function kind<T, Given = T>(
  expected: string,
  read: (value: unknown) => T | Refusal,
  further: Further<T> = {},
): Kind<T, Given> {
  const { fromText = read, toText = String, show = shown } = further;
  // Always in this order: a check of every add reads them, and objects of one shape are read fastest.
  return { expected, read, fromText, toText, show };
}

/** A kind from what its values fulfil. */
export function kindThat<T>(
  expected: string,
  is: (value: unknown) => boolean,
  further: Further<T> = {},
): Kind<T> {
  return kind<T>(expected, (value) => (is(value) ? (value as T) : new Refusal()), further);
}

/** The same kind in other words: where more than its values is allowed, or a message has more to say. */
export function worded<T>(expected: string, of: Kind<T>): Kind<T> {
  return kind(expected, of.read, of);
}

/** What is wrong with a value, as a sentence without its place; undefined when it is right. */
export function problemWith(value: unknown, kind: Kind<unknown>): string | undefined {
  const found = kind.read(value);
  if (!(found instanceof Refusal)) return undefined;
  return mustBe(kind.expected, value === undefined ? undefined : kind.show(value), found.reason);
}
