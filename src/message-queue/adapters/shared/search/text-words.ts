/** Scripts that put no blanks between words. */
const DENSE =
  '\\p{scx=Han}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Hang}\\p{scx=Thai}\\p{scx=Laoo}\\p{scx=Khmr}\\p{scx=Mymr}';
/** Belongs to the word that it stands in: marks (also those of kana with a width of their own), and what nobody sees. */
const ATTACHED = /[\p{M}\p{Default_Ignorable_Code_Point}\u0640\u07FA\u309B\u309C\uFF9E\uFF9F]/u;
/** Joins two words to one that is written in one, in two or with a sign between: O'Brien, e-mail, col·lega. */
const JOINING = /[\p{Pd}'’‘‛ʹʻʼʽʾʿˈ´`′＇՚׳״·‧]/u;
const DENSE_LETTER = new RegExp(`(?=[\\p{L}\\p{N}\\p{So}])[${DENSE}]`, 'u');
const LETTER = /[\p{L}\p{N}]/u;
const NON_JOINER = 0x200c;

const Kind = { OTHER: 0, LETTER: 1, DENSE: 2, ATTACHED: 3, JOINING: 4 } as const;
type Kind = (typeof Kind)[keyof typeof Kind];

const BASIC_PLANE = 0x1_0000;
const UNKNOWN = 255;
/** Asking Unicode takes a microsecond. Of characters up to U+FFFF each is asked about once. */
const kinds = new Uint8Array(BASIC_PLANE).fill(UNKNOWN);

/** A piece of a text, in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A run of letters and digits in a text. */
export interface TextWord extends Span {
  readonly text: string;
  /** Of a script without blanks between words: searched by pairs of characters. */
  readonly isDense: boolean;
  /** What is joined in it, by apostrophes or hyphens: one part for most words. */
  readonly parts: readonly Span[];
}

/**
 * The words of a text, in order; everything else (blanks, punctuation, query syntax, symbols) only separates them. One pass, that ends
 * where the caller stops.
 */
export function* wordsOf(text: string): Generator<TextWord> {
  let at = 0;
  while (at < text.length) {
    const kind = kindAt(text, at);
    if (kind === Kind.DENSE || kind === Kind.LETTER) {
      const word = kind === Kind.DENSE ? denseWord(text, at) : spacedWord(text, at);
      yield word;
      at = word.end;
    } else at += sizeAt(text, at);
  }
}

function denseWord(text: string, start: number): TextWord {
  let end = start;
  while (end < text.length && (kindAt(text, end) === Kind.DENSE || kindAt(text, end) === Kind.ATTACHED)) {
    end += sizeAt(text, end);
  }
  return { text: text.slice(start, end), start, end, isDense: true, parts: [{ start, end }] };
}

function spacedWord(text: string, start: number): TextWord {
  const parts: Span[] = [];
  let begun = start;
  let end = start;
  let letter = start;
  while (end < text.length) {
    const kind = kindAt(text, end);
    const size = sizeAt(text, end);
    if (kind === Kind.LETTER) letter = end;
    else if (isJoint(text, letter, end, size, kind)) {
      parts.push({ start: begun, end });
      begun = end + size;
    } else if (kind !== Kind.ATTACHED) break;
    end += size;
  }
  parts.push({ start: begun, end });
  return { text: text.slice(start, end), start, end, isDense: false, parts };
}

/** Whether two parts of a word meet at a sign: only straight between two letters. */
function isJoint(text: string, letter: number, at: number, size: number, kind: Kind): boolean {
  const next = at + size;
  if (next >= text.length || kindAt(text, next) !== Kind.LETTER) return false;
  if (kind === Kind.JOINING) return true;
  const code = text.codePointAt(at);
  // Between Hebrew letters a quotation mark stands for gershayim; Persian puts the non-joiner where others put a hyphen.
  if (code === 0x22) return isOf(/\p{sc=Hebr}/u, text, letter) && isOf(/\p{sc=Hebr}/u, text, next);
  return code === NON_JOINER && isOf(/\p{scx=Arab}/u, text, letter);
}

function isOf(script: RegExp, text: string, at: number): boolean {
  return script.test(String.fromCodePoint(text.codePointAt(at) ?? 0));
}

function sizeAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

function kindAt(text: string, at: number): Kind {
  const code = text.codePointAt(at) ?? 0;
  if (code >= BASIC_PLANE) return kindOf(String.fromCodePoint(code));
  const known = kinds[code] ?? UNKNOWN;
  if (known !== UNKNOWN) return known as Kind;
  return (kinds[code] = kindOf(String.fromCodePoint(code)));
}

function kindOf(character: string): Kind {
  if (ATTACHED.test(character)) return Kind.ATTACHED;
  if (JOINING.test(character)) return Kind.JOINING;
  if (DENSE_LETTER.test(character)) {
    // Of the symbols those that stand for letters: radicals, squared words.
    return LETTER.test(character.normalize('NFKD')) ? Kind.DENSE : Kind.OTHER;
  }
  return LETTER.test(character) ? Kind.LETTER : Kind.OTHER;
}
