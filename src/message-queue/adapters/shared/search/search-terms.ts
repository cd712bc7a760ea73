import { createHash } from 'node:crypto';

/** Scripts that put no blanks between words. */
const DENSE =
  '\\p{scx=Han}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Hang}\\p{scx=Thai}\\p{scx=Laoo}\\p{scx=Khmr}\\p{scx=Mymr}';
const LETTER = '\\p{L}\\p{N}\\p{M}';
const NOT_A_LETTER = new RegExp(`[^${LETTER}]+`, 'gu');
const WORD = new RegExp(`((?:(?=[${LETTER}])[${DENSE}])+)|(?:(?![${DENSE}])[${LETTER}])+`, 'gu');

const MAX_TERM_LENGTH = 64;
const MAX_DOCUMENT_TERMS = 20_000;
const MAX_QUERY_TERMS = 32;
const MAX_QUERY_LENGTH = 4_096;
const PLAIN = /^[a-z0-9]{1,64}$/i;
const MAX_REMEMBERED_CHARACTERS = 20_000;
/** Folding costs a microsecond, and a long text holds few different characters. */
const foldedCharacters = new Map<string, string>();

/** A run of letters and digits in a text. */
export interface TextWord {
  readonly text: string;
  /** Where it starts, in UTF-16 units. */
  readonly start: number;
  /** Of a script without blanks between words: searched by pairs of characters. */
  readonly isDense: boolean;
}

/** One thing a document has to hold. */
export interface QueryTerm {
  readonly term: string;
  /** A beginning is enough. */
  readonly isPrefix: boolean;
}

/** The words of a text, in order; everything else (blanks, punctuation, query syntax, symbols) only separates them. */
export function* wordsOf(text: string): Generator<TextWord> {
  for (const match of text.matchAll(WORD)) {
    yield { text: match[0], start: match.index, isDense: match[1] !== undefined };
  }
}

/** What is compared: without case, accents and width, `ß` as `ss`, at most 64 characters. */
export function foldTerm(word: string): string {
  if (PLAIN.test(word)) return word.toLowerCase();
  const folded = word
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    // Ligatures and fractions come apart into blanks and signs.
    .replace(NOT_A_LETTER, '');
  return folded.length <= MAX_TERM_LENGTH ? folded : Array.from(folded).slice(0, MAX_TERM_LENGTH).join('');
}

/** The characters of a dense word, folded one by one; what folds to several stays together. */
export function denseCharacters(word: string): string[] {
  return Array.from(word, foldCharacter);
}

function foldCharacter(character: string): string {
  const known = foldedCharacters.get(character);
  if (known !== undefined) return known;
  const folded = foldTerm(character);
  if (foldedCharacters.size < MAX_REMEMBERED_CHARACTERS) foldedCharacters.set(character, folded);
  return folded;
}

/**
 * A term that stands for a conversation, so that a search in one conversation reads that conversation's part of the index only.
 * No text has it: it begins with a punctuation mark.
 */
export function conversationTerm(conversationId: string): string {
  return `\u2016${createHash('sha256').update(conversationId).digest('hex').slice(0, 32)}`;
}

/** The terms of a text, each once, at most about 20 000. */
export function textTerms(text: string): string[] {
  const terms = new Set<string>();
  for (const word of wordsOf(text)) {
    if (terms.size >= MAX_DOCUMENT_TERMS) break;
    for (const term of word.isDense ? denseTerms(word.text) : [foldTerm(word.text)]) addTerm(terms, term);
  }
  return [...terms];
}

/** The terms of a document and its conversation's, separated by blanks. */
export function documentTerms(text: string, conversationId: string): string {
  return [...textTerms(text), conversationTerm(conversationId)].join(' ');
}

/** What a document must hold to be found by the first 4 096 characters that a user typed, at most 32 terms. None: nothing is found. */
export function queryTerms(text: string): QueryTerm[] {
  const terms: QueryTerm[] = [];
  let last: TextWord | undefined;
  for (const word of wordsOf(text.slice(0, MAX_QUERY_LENGTH))) {
    last = word;
    const isSingle = word.isDense && Array.from(word.text).length === 1;
    const parts = word.isDense && !isSingle ? densePairs(denseCharacters(word.text)) : [foldTerm(word.text)];
    terms.push(...parts.filter((term) => term !== '').map((term) => ({ term, isPrefix: isSingle })));
    if (terms.length >= MAX_QUERY_TERMS) break;
  }
  const final = terms.at(-1);
  if (final !== undefined && last?.isDense === false) terms[terms.length - 1] = { ...final, isPrefix: true };
  return terms.slice(0, MAX_QUERY_TERMS);
}

/** Neighbours in a dense word. */
export function densePairs(characters: readonly string[]): string[] {
  return characters.slice(1).map((character, at) => (characters[at] ?? '') + character);
}

function denseTerms(word: string): string[] {
  const characters = denseCharacters(word);
  // The last character begins no pair; alone it can still be found.
  return [...densePairs(characters), ...characters.slice(-1)];
}

function addTerm(terms: Set<string>, term: string): void {
  if (term !== '') terms.add(term);
}
