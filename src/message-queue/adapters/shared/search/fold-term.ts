import { LETTER_VARIANTS } from './letter-variants.js';

const MAX_TERM_LENGTH = 64;
/** Units of a word that a term is made of: 64 characters with as many marks as a text may have. */
const MAX_FOLDED_LENGTH = 2_048;
const MAX_REMEMBERED_LENGTH = 32;
const PLAIN = /^[a-z0-9]{1,64}$/i;

/** What nobody sees: soft hyphens, joiners, bidi marks, variation selectors, fillers; and what only stretches a word of Arabic. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\u0640\u07FA]+/gu;
/**
 * Marks beside letters that are read without them: accents, niqqud, harakat. Those of other scripts are vowels, or make another letter
 * (viramas, tone marks, dakuten): they stay.
 */
const ACCENTS =
  /(?:(?=[\p{sc=Zinh}\p{sc=Zyyy}\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Copt}\p{sc=Glag}\p{sc=Armn}\p{sc=Geor}\p{sc=Hebr}\p{sc=Arab}\p{sc=Syrc}])[^\P{M}\p{Mc}\u3099\u309A])+/gu;
/** Normalisation sorts marks, which takes quadratic time for a long run of them: Unicode's stream-safe format has 30 at most. */
const TOO_MANY_MARKS = /(\p{M}{30})\p{M}+/gu;
/** Apostrophes that Unicode counts as letters. */
const APOSTROPHES = '\u02B9\u02BB-\u02BF\u02C8';
const NOT_A_LETTER = new RegExp(`[^\\p{L}\\p{N}\\p{M}]+|[${APOSTROPHES}]+`, 'gu');
const FOREIGN_DIGIT = /(?![0-9])\p{Nd}/gu;
const VARIANT = new RegExp(`[${[...LETTER_VARIANTS.keys()].join('')}]`, 'gu');

/**
 * What is compared: one form for everything that people take for the same word. Without case (of all scripts), accents, width, ligatures
 * and unseen characters; letters with strokes as the plain ones, digits as 0 to 9; composed (NFC), at most 64 characters. Linear in the length.
 */
export function foldTerm(word: string): string {
  if (PLAIN.test(word)) return word.toLowerCase();
  // By way of upper case, where `ß`, `ſ` and `ı` meet what they are typed as; `ẞ` has none, so it goes to lower case before.
  const letters = decomposed(decomposed(word).toLowerCase().toUpperCase().toLowerCase());
  const folded = letters
    .replaceAll('ς', 'σ')
    .replace(VARIANT, (letter) => LETTER_VARIANTS.get(letter) ?? letter)
    .replace(FOREIGN_DIGIT, valueOfDigit)
    // Fractions, parenthesised letters and marks with a width of their own come apart into signs.
    .replace(NOT_A_LETTER, '')
    .normalize('NFC');
  return folded.length <= MAX_TERM_LENGTH ? folded : Array.from(folded).slice(0, MAX_TERM_LENGTH).join('');
}

/** {@link foldTerm} for the words of one text, of which many come again. What it remembers goes with it: no word of a message stays in memory. */
export function rememberingFold(): (word: string) => string {
  const remembered = new Map<string, string>();
  return (word) => {
    if (word.length > MAX_REMEMBERED_LENGTH || PLAIN.test(word)) return foldTerm(word);
    const known = remembered.get(word);
    if (known !== undefined) return known;
    const folded = foldTerm(word);
    remembered.set(word, folded);
    return folded;
  };
}

function decomposed(text: string): string {
  return text
    .replace(UNSEEN, '')
    .replace(TOO_MANY_MARKS, '$1')
    .slice(0, MAX_FOLDED_LENGTH)
    .normalize('NFKD')
    .replace(ACCENTS, '');
}

/** Decimal digits stand in Unicode ten by ten, from zero. */
function valueOfDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let first = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first -= 1;
  return String((code - first) % 10);
}
