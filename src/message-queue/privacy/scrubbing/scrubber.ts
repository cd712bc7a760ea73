import type { ContentLeaves } from './content-leaves.js';
import { fold, FoldedText } from './folded-text.js';
import { GramIndex } from './gram-index.js';
import { spellingsOf } from './spellings.js';

/** What stands where content was. */
export const CONTENT_MARK = '[content]';
/** UTF-16 units that are looked through at most: the message of an error and the frames of its stack. */
export const LONGEST_SCRUBBED = 4_500;

/** So many letters and digits in a row are no chance … */
const GRAM = 8;
/** … or so many characters of a script without spaces. */
const SHORT_GRAM = 3;

/**
 * Masks in texts what they share with content: 8 letters and digits in a row, 3 characters of Chinese, Japanese or Korean, and as whole
 * words contents that are shorter, and numbers of 4 digits and more. Case, accents, spaces, punctuation and the escapes of URLs, JSON
 * and HTML make no difference. Base64, compression, translation and reversed text are not recognised. Pure.
 * @returns the texts with `[content]` in place of what they share; null when they are too long to be looked through
 */
export function scrub(texts: readonly string[], content: ContentLeaves): readonly string[] | null {
  if (texts.join('\n').length > LONGEST_SCRUBBED) return null;
  const normal = texts.map((text) => text.normalize('NFC'));
  const shared = new SharedStretches(normal.join('\n'));
  for (const text of content.texts) shared.markText(text);
  for (const number of content.numbers) shared.markNumber(number);
  let start = 0;
  return normal.map((text) => {
    const end = start + text.length;
    const scrubbed = withMarks(text, shared.marked.subarray(start, end));
    start = end + 1;
    return scrubbed;
  });
}

/** What a text shares with content. */
class SharedStretches {
  /** Per UTF-16 unit of the text, whether it is content. */
  readonly marked: Uint8Array;
  private readonly grams = new GramIndex(GRAM);
  private readonly shortGrams = new GramIndex(SHORT_GRAM);
  /** By their length, from 1. */
  private readonly words = Array.from({ length: GRAM - 1 }, (_, index) => new GramIndex(index + 1));

  constructor(text: string) {
    this.marked = new Uint8Array(text.length);
    for (const spelling of spellingsOf(text)) this.index(new FoldedText(spelling));
  }

  markText(content: string): void {
    for (const number of content.match(/\d{4,}/g) ?? []) this.markFolded(number);
    const folded = fold(content);
    this.markFolded(folded);
    this.shortGrams.markShared(folded, this.marked);
  }

  markNumber(content: string): void {
    this.markFolded(fold(content));
  }

  private markFolded(folded: string): void {
    const index = folded.length < GRAM ? this.words[folded.length - 1] : this.grams;
    index?.markShared(folded, this.marked);
  }

  private index(folded: FoldedText): void {
    const { text } = folded;
    for (let at = 0; at < text.length; at += 1) {
      if (at + GRAM <= text.length) this.grams.add(folded, at);
      if (folded.isIdeographic(at) && folded.isIdeographic(at + 1) && folded.isIdeographic(at + 2)) {
        this.shortGrams.add(folded, at);
      }
      if (folded.beginsWord(at)) this.indexWords(folded, at);
    }
  }

  /** Content of a few letters may be several words: `hi you`. */
  private indexWords(folded: FoldedText, at: number): void {
    for (const [index, words] of this.words.entries()) {
      if (at + index < folded.text.length && folded.endsWord(at + index)) words.add(folded, at);
    }
  }
}

/** Marks that only spaces and punctuation separate become one. */
const ADJOINING = /\[content\](?:[^\p{L}\p{N}\n]{0,20}\[content\])+/gu;

function withMarks(text: string, marked: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < text.length;) {
    const isContent = marked[at] === 1;
    let end = at + 1;
    while (end < text.length && (marked[end] === 1) === isContent) end += 1;
    parts.push(isContent ? CONTENT_MARK : text.slice(at, end));
    at = end;
  }
  return parts.join('').replace(ADJOINING, CONTENT_MARK);
}
