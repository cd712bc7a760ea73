import type { Spelling } from './folded-text.js';

/** Escapes inside of escapes, as of JSON in a URL in HTML, are read this deep. */
const MOST_LAYERS = 3;

const ESCAPE =
  /(?<percent>(?:%[0-9a-f]{2})+)|\\u(?<unit>[0-9a-f]{4})|\\u\{(?<point>[0-9a-f]{1,6})\}|\\x(?<byte>[0-9a-f]{2})|\\(?<letter>[^])|&#(?<decimal>\d{1,7});|&#x(?<hex>[0-9a-f]{1,6});|&(?<name>[a-z]{2,8});/gi;

/** What an escape of one letter stands for that is no letter. */
const BLANKS = 'abfnrtv0';
/** Names of HTML for letters with an accent, which folding drops. */
const ACCENTED = /^([a-z])(?:acute|grave|circ|tilde|uml|ring|cedil|caron)$/i;
const NAMED: Readonly<Record<string, string>> = { amp: '&', szlig: 'ß', aelig: 'æ', oelig: 'œ', oslash: 'ø' };

/** The ways to read a text: as it stands there, and with the escapes of URLs, JSON, JavaScript and HTML read, layer by layer. */
export function spellingsOf(text: string): readonly Spelling[] {
  const positions = Array.from({ length: text.length + 1 }, (_, index) => index);
  const spellings: Spelling[] = [{ text, starts: positions, ends: positions.slice(1) }];
  while (spellings.length <= MOST_LAYERS) {
    const last = spellings.at(-1) as Spelling;
    const read = unescaped(last);
    if (read.text === last.text) break;
    spellings.push(read);
  }
  return spellings;
}

/** One layer of escapes read; what each stands for has the stretch of the original that it was written in. */
function unescaped({ text, starts, ends }: Spelling): Spelling {
  const read: string[] = [];
  const from: number[] = [];
  const to: number[] = [];
  const copy = (begin: number, end: number): void => {
    read.push(text.slice(begin, end));
    from.push(...starts.slice(begin, end));
    to.push(...ends.slice(begin, end));
  };
  let done = 0;
  for (const match of text.matchAll(ESCAPE)) {
    copy(done, match.index);
    done = match.index;
    for (const { meant, length } of meaningsOf(match)) {
      read.push(meant);
      for (let unit = 0; unit < meant.length; unit += 1) {
        from.push(starts[done] ?? 0);
        to.push(ends[done + length - 1] ?? 0);
      }
      done += length;
    }
  }
  copy(done, text.length);
  return { text: read.join(''), starts: from, ends: to };
}

/** What an escape stands for, and in how many units it was written. */
interface Meaning {
  readonly meant: string;
  readonly length: number;
}

function meaningsOf({ 0: { length }, groups = {} }: RegExpMatchArray): readonly Meaning[] {
  const { percent } = groups;
  return percent === undefined ? [{ meant: meaningOf(groups), length }] : percentMeanings(percent);
}

/** Of `%E4%BD%A0%E5%A5%BD`, character by character. */
function percentMeanings(escapes: string): readonly Meaning[] {
  const bytes = Buffer.from(escapes.replaceAll('%', ''), 'hex');
  const meant = bytes.toString('utf8');
  if (!Buffer.from(meant, 'utf8').equals(bytes)) return [{ meant, length: escapes.length }];
  return Array.from(meant, (character) => ({ meant: character, length: 3 * Buffer.byteLength(character) }));
}

function meaningOf(groups: Readonly<Record<string, string | undefined>>): string {
  const { unit, point, byte, letter, decimal, hex, name } = groups;
  if (unit !== undefined) return String.fromCharCode(parseInt(unit, 16));
  const code = point ?? byte ?? hex;
  if (code !== undefined) return characterOf(parseInt(code, 16));
  if (decimal !== undefined) return characterOf(Number(decimal));
  if (letter !== undefined) return BLANKS.includes(letter) ? ' ' : letter;
  return (name !== undefined && (ACCENTED.exec(name)?.[1] ?? NAMED[name.toLowerCase()])) || ' ';
}

function characterOf(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : ' ';
}
