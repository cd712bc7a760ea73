/** In a Unicode pattern a pair is one character of another category. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Whether a text is well-formed UTF-16: no half of a surrogate pair stands alone in it, as slicing an emoji leaves one
 * behind. Every key passes here, since Redis, file systems and sockets take UTF-8, in which all such halves become the
 * same character: two keys would be one.
 */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** Why a text that is not well-formed is refused, for a message. */
export const ILL_FORMED = 'it has half of a surrogate pair, as slicing an emoji leaves behind';
