/**
 * A text without what spelling changes: lower-case letters and digits only, without accents, and with ligatures and letters of full
 * width as the plain ones. `Straße` and `STRASSE` fold alike.
 */
export function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase().replace(/[^a-z0-9]+/g, '');
  return (
    text
      .normalize('NFKD')
      .replace(/\p{M}+/gu, '')
      // Puts the syllables of Hangul together again.
      .normalize('NFC')
      .toUpperCase()
      .toLowerCase()
      .replaceAll('ς', 'σ')
      .replace(/[^\p{L}\p{N}]+/gu, '')
  );
}

/** A folded text, of which each character knows what of the original it stands for. */
export class FoldedText {
  readonly text: string;
  /** Per character of `text`: where in the original its stretch begins … */
  readonly starts: readonly number[];
  /** … and before which character it ends. */
  readonly ends: readonly number[];
  private readonly ideographic: readonly boolean[];

  /** @param spelled one reading of the original */
  constructor({ text, starts, ends }: Spelling) {
    const folded: string[] = [];
    const from: number[] = [];
    const to: number[] = [];
    const known = new Map<string, string>();
    let at = 0;
    for (const character of text) {
      let letters = known.get(character);
      if (letters === undefined) known.set(character, (letters = fold(character)));
      for (const unit of letters.split('')) {
        folded.push(unit);
        from.push(starts[at] ?? 0);
        to.push(ends[at + character.length - 1] ?? 0);
      }
      at += character.length;
    }
    this.text = folded.join('');
    this.starts = from;
    this.ends = to;
    this.ideographic = folded.map((unit) => unit > LAST_ALPHABET && IDEOGRAPHIC.test(unit));
  }

  /** Whether it is of a script that writes no spaces between words, where each character is nearly a word of its own. */
  isIdeographic(index: number): boolean {
    return this.ideographic[index] === true;
  }

  /** Whether a word may begin with this character. */
  beginsWord(index: number): boolean {
    return index === 0 || this.isBreak(index - 1);
  }

  /** Whether a word may end with this character. */
  endsWord(index: number): boolean {
    return index === this.text.length - 1 || this.isBreak(index);
  }

  /** Whether the word ends between a character and the one after it. */
  private isBreak(index: number): boolean {
    // What stood between them was left out.
    if ((this.ends[index] ?? 0) < (this.starts[index + 1] ?? 0)) return true;
    return this.isIdeographic(index) || this.isIdeographic(index + 1);
  }
}

/** One reading of a text: as it stands there, or with its escapes read. */
export interface Spelling {
  readonly text: string;
  /** Per UTF-16 unit of `text`: where in the original its stretch begins … */
  readonly starts: readonly number[];
  /** … and before which unit it ends. */
  readonly ends: readonly number[];
}

const ASCII = /^[\0-\x7f]*$/;
/** What is not above it needs no look: Hangul begins at U+1100. */
const LAST_ALPHABET = '\u10ff';
const IDEOGRAPHIC = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}]/u;
