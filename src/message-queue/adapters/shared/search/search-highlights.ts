import type { HighlightSegment } from '../../../ports/search-index.js';
import { denseCharacters, densePairs, foldTerm, wordsOf } from './search-terms.js';
import type { QueryTerm, TextWord } from './search-terms.js';

const EXCERPT_LENGTH = 200;
const LEAD_LENGTH = 60;

/** A span of a text, in UTF-16 units. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * An excerpt of about 200 characters around the first match, cut between words and marked with `…` where it is cut. Segments put
 * together give the excerpt; what matched is marked, and nothing in it is markup.
 */
export function highlight(content: string, terms: readonly QueryTerm[]): HighlightSegment[] {
  const matches: Span[] = [];
  const whole = new Set(terms.map(({ term }) => term));
  for (const word of wordsOf(content)) {
    const [first] = matches;
    // Long texts are read only as far as the excerpt goes.
    if (first !== undefined && word.start > first.start + EXCERPT_LENGTH) break;
    const found = word.isDense ? denseMatches(word, whole) : wordMatches(word, terms, whole);
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

function wordMatches(word: TextWord, terms: readonly QueryTerm[], whole: ReadonlySet<string>): Span[] {
  const folded = foldTerm(word.text);
  const isMatch =
    whole.has(folded) || terms.some(({ term, isPrefix }) => isPrefix && folded.startsWith(term));
  return isMatch ? [{ start: word.start, end: word.start + word.text.length }] : [];
}

function denseMatches(word: TextWord, whole: ReadonlySet<string>): Span[] {
  const characters = denseCharacters(word.text);
  const pairs = densePairs(characters);
  const isMarked = characters.map(
    (character, at) =>
      whole.has(character) || whole.has(pairs[at] ?? '') || (at > 0 && whole.has(pairs[at - 1] ?? '')),
  );
  const spans: Span[] = [];
  let start = word.start;
  Array.from(word.text).forEach((original, at) => {
    const end = start + original.length;
    const before = spans.at(-1);
    if (isMarked[at] === true) {
      if (before?.end === start) spans[spans.length - 1] = { start: before.start, end };
      else spans.push({ start, end });
    }
    start = end;
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

/** Not between the two halves of a surrogate pair. */
function wholeCharacter(content: string, at: number): number {
  const unit = content.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}
