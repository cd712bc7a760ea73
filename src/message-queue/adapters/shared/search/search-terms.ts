import { createHash } from 'node:crypto';
import { denseCharacters, densePairs } from './dense-characters.js';
import { foldTerm, rememberingFold } from './fold-term.js';
import { FOLDING_MARK, MARKER } from './folding-mark.js';
import { wordsOf } from './text-words.js';
import type { TextWord } from './text-words.js';

const RECIPIENT = `${MARKER}r`;
const MAX_DOCUMENT_TERMS = 50_000;
/** PostgreSQL takes 1 MB of words in a document. */
const MAX_TERMS_LENGTH = 900_000;
const MAX_QUERY_TERMS = 32;
const MAX_QUERY_LENGTH = 4_096;

/** A word, or the beginning of one. */
export interface WordTerm {
  readonly term: string;
  /** A beginning is enough. */
  readonly isPrefix: boolean;
}

/** One thing a document has to hold. */
export interface QueryTerm extends WordTerm {
  /** Or all of these instead: the parts of a word that is written in one or in several, `e-mail`. */
  readonly orAll?: readonly WordTerm[];
}

/**
 * A term that stands for a conversation, so that a search in one conversation reads that conversation's part of the index only.
 * No text has it: it begins with a punctuation mark.
 */
export function conversationTerm(conversationId: string): string {
  return MARKER + hashOf(conversationId);
}

/** A term that stands for somebody whom a message was sent to. No text has it. */
export function recipientTerm(recipientId: string): string {
  return RECIPIENT + hashOf(recipientId);
}

/** Whether a term is one of {@link recipientTerm}. */
export function isRecipientTerm(term: string): boolean {
  return term.startsWith(RECIPIENT);
}

/** The terms of a text, each once, at most about 50 000. */
export function textTerms(text: string): string[] {
  const terms = new Set<string>();
  let length = 0;
  const add = (term: string): void => {
    if (term === '' || terms.has(term)) return;
    terms.add(term);
    length += Buffer.byteLength(term);
  };
  const fold = rememberingFold();
  for (const word of wordsOf(text)) {
    if (terms.size >= MAX_DOCUMENT_TERMS || length >= MAX_TERMS_LENGTH) break;
    for (const term of word.isDense ? denseTerms(word) : spacedTerms(text, word, fold)) add(term);
  }
  return [...terms];
}

/** All terms of a document, the mark of the folding last: `recipients` are terms too. */
export function documentTerms(text: string, conversationId: string, recipients: readonly string[]): string[] {
  return [...textTerms(text), conversationTerm(conversationId), ...recipients, FOLDING_MARK];
}

/** What a document must hold to be found by the first 4 096 characters that a user typed, at most 32 terms. None: nothing is found. */
export function queryTerms(text: string): QueryTerm[] {
  const terms: QueryTerm[] = [];
  const typed = text.slice(0, MAX_QUERY_LENGTH);
  let last: TextWord | undefined;
  for (const word of wordsOf(typed)) {
    last = word;
    const found = word.isDense ? denseQuery(word) : spacedQuery(typed, word);
    terms.push(...found.filter(({ term }) => term !== ''));
    if (terms.length >= MAX_QUERY_TERMS) break;
  }
  const final = terms.at(-1);
  if (final !== undefined && last?.isDense === false) terms[terms.length - 1] = asBeginning(final);
  return terms.slice(0, MAX_QUERY_TERMS);
}

function denseTerms(word: TextWord): string[] {
  const characters = denseCharacters(word);
  // The last character begins no pair; alone it can still be found.
  return [...densePairs(characters), ...characters.slice(-1).map(({ character }) => character)];
}

function denseQuery(word: TextWord): WordTerm[] {
  const characters = denseCharacters(word);
  if (characters.length === 1) return [{ term: characters[0]?.character ?? '', isPrefix: true }];
  return densePairs(characters).map((term) => ({ term, isPrefix: false }));
}

/** A joined word is found as one and by each of its parts. */
function spacedTerms(text: string, word: TextWord, fold: typeof foldTerm): string[] {
  const whole = fold(word.text);
  if (word.parts.length === 1) return [whole];
  return [whole, ...word.parts.map(({ start, end }) => fold(text.slice(start, end)))];
}

function spacedQuery(text: string, word: TextWord): QueryTerm[] {
  const [term = '', ...parts] = spacedTerms(text, word, foldTerm);
  if (parts.length === 0) return [{ term, isPrefix: false }];
  const orAll = parts.filter((part) => part !== '').map((part) => ({ term: part, isPrefix: false }));
  return [{ term, isPrefix: false, orAll: orAll.slice(0, MAX_QUERY_TERMS) }];
}

function asBeginning({ term, orAll }: QueryTerm): QueryTerm {
  if (orAll === undefined) return { term, isPrefix: true };
  return {
    term,
    isPrefix: true,
    orAll: orAll.map((part, at) => ({ ...part, isPrefix: at === orAll.length - 1 })),
  };
}

function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 32);
}
