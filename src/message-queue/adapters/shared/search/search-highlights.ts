import type { HighlightSegment } from '../../../ports/search-index.js';
import { denseCharacters, densePairs } from './dense-characters.js';
import { rememberingFold } from './fold-term.js';
import type { QueryTerm, WordTerm } from './search-terms.js';
import { wordsOf } from './text-words.js';
import type { Span, TextWord } from './text-words.js';

const EXCERPT_LENGTH = 200;
const LEAD_LENGTH = 60;
const MAX_CHARACTER_LENGTH = 32;
/** Begins with a mark, with what nobody sees, or with what goes on a syllable of Korean. */
const ATTACHED = /^[\p{M}\p{Default_Ignorable_Code_Point}\u1160-\u11FF\uFF9E\uFF9F]/u;

/**
 * An excerpt of about 200 characters around the first match, cut between words and marked with `…` where it is cut. Segments put
 * together give the excerpt; what matched is marked, and nothing in it is markup.
 */
export function highlight(content: string, terms: readonly QueryTerm[]): HighlightSegment[] {
  const matches: Span[] = [];
  const sought = terms.flatMap(({ term, isPrefix, orAll = [] }) => [{ term, isPrefix }, ...orAll]);
  const whole = new Set(sought.map(({ term }) => term));
  const fold = rememberingFold();
  for (const word of wordsOf(content)) {
    const [first] = matches;
    // Long texts are read only as far as the excerpt goes.
    if (first !== undefined && word.start > first.start + EXCERPT_LENGTH) break;
    const found = word.isDense
      ? denseMatches(word, whole)
      : spacedMatches(word, sought, whole, (span) => fold(content.slice(span.start, span.end)));
    for (const match of found) matches.push(match);
  }
  const from = startOfExcerpt(content, matches[0]?.start ?? 0);
  const to = endOfExcerpt(content, from);
  const segments: HighlightSegment[] = [];
  let at = from;
  for (const match of matches) {
    const start = Math.max(match.start, at);
    const end = Math.min(match.end, to);
    if (start >= end) continue;
    if (start > at) segments.push({ text: content.slice(at, start), isMatch: false });
    segments.push({ text: content.slice(start, end), isMatch: true });
    at = end;
  }
  if (at < to) segments.push({ text: content.slice(at, to), isMatch: false });
  if (from > 0) segments.unshift({ text: '…', isMatch: false });
  if (to < content.length) segments.push({ text: '…', isMatch: false });
  return segments;
}

/** The whole word, or else those of its parts that match, or else the word that only begins with what is sought. */
function spacedMatches(
  word: TextWord,
  sought: readonly WordTerm[],
  whole: ReadonlySet<string>,
  foldedOf: (span: Span) => string,
): Span[] {
  const isBegun = (folded: string): boolean =>
    sought.some(({ term, isPrefix }) => isPrefix && folded.startsWith(term));
  const folded = foldedOf(word);
  const all = [{ start: word.start, end: word.end }];
  if (whole.has(folded)) return all;
  const parts =
    word.parts.length === 1
      ? []
      : word.parts.filter((part) => {
          const one = foldedOf(part);
          return whole.has(one) || isBegun(one);
        });
  if (parts.length > 0) return parts;
  return isBegun(folded) ? all : [];
}

function denseMatches(word: TextWord, whole: ReadonlySet<string>): Span[] {
  const characters = denseCharacters(word);
  const pairs = densePairs(characters);
  const spans: Span[] = [];
  characters.forEach(({ character, start, end }, at) => {
    const isMarked =
      whole.has(character) || whole.has(pairs[at] ?? '') || (at > 0 && whole.has(pairs[at - 1] ?? ''));
    if (!isMarked) return;
    const before = spans.at(-1);
    // What folds to several characters comes from one place.
    if (before !== undefined && before.end >= start) spans[spans.length - 1] = { start: before.start, end };
    else spans.push({ start, end });
  });
  return spans;
}

function startOfExcerpt(content: string, match: number): number {
  if (match <= LEAD_LENGTH) return 0;
  const blank = content.indexOf(' ', match - LEAD_LENGTH);
  return wholeCharacter(content, blank >= 0 && blank < match ? blank + 1 : match - LEAD_LENGTH);
}

function endOfExcerpt(content: string, from: number): number {
  const furthest = from + EXCERPT_LENGTH;
  if (furthest >= content.length) return content.length;
  const blank = content.lastIndexOf(' ', furthest);
  return wholeCharacter(content, blank > from + EXCERPT_LENGTH / 2 ? blank : furthest);
}

/** Not between the two halves of a surrogate pair, nor before what belongs to the character in front of it. */
function wholeCharacter(content: string, at: number): number {
  for (let start = at; start > at - MAX_CHARACTER_LENGTH && start > 0; start -= 1) {
    const isHalf = /[\uDC00-\uDFFF]/.test(content.charAt(start));
    if (!isHalf && !ATTACHED.test(content.slice(start, start + 2))) return start;
  }
  return at;
}
