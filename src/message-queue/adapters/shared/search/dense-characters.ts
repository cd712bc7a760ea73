import { foldTerm } from './fold-term.js';
import type { Span, TextWord } from './text-words.js';

const MARKS = '[\\p{M}\\p{Default_Ignorable_Code_Point}\\u309B\\u309C\\uFF9E\\uFF9F]*';
const VOWELS = '[\\u1160-\\u11A7\\uD7B0-\\uD7C6]';
const FINALS = '[\\u11A8-\\u11FF\\uD7CB-\\uD7FB]*';
/** What may compose to one character: the letters of a Korean syllable, and a character with its marks. */
const UNIT = new RegExp(
  `(?:[\\u1100-\\u115E\\uA960-\\uA97C]${VOWELS}+${FINALS}|[\\uAC00-\\uD7A3]${FINALS}|[^])${MARKS}`,
  'gu',
);

const MAX_REMEMBERED = 20_000;
const MAX_REMEMBERED_LENGTH = 8;
/** Folding costs a microsecond, and a long text holds few different characters. */
const remembered = new Map<string, readonly string[]>();

/** A folded character and where it comes from. */
export interface DenseCharacter extends Span {
  readonly character: string;
}

/** The characters of a dense word, folded; what folds to several comes apart, what nobody sees is left out. */
export function denseCharacters(word: TextWord): DenseCharacter[] {
  const characters: DenseCharacter[] = [];
  for (const match of word.text.matchAll(UNIT)) {
    const start = word.start + match.index;
    const end = start + match[0].length;
    for (const character of foldedUnit(match[0])) characters.push({ character, start, end });
  }
  return characters;
}

/** Neighbours in a dense word. */
export function densePairs(characters: readonly DenseCharacter[]): string[] {
  return characters.slice(1).map(({ character }, at) => (characters[at]?.character ?? '') + character);
}

function foldedUnit(unit: string): readonly string[] {
  const known = remembered.get(unit);
  if (known !== undefined) return known;
  const folded = Array.from(foldTerm(unit));
  if (unit.length <= MAX_REMEMBERED_LENGTH && remembered.size < MAX_REMEMBERED) remembered.set(unit, folded);
  return folded;
}
