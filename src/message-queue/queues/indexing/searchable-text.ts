import { ContentFormat } from './content-format.js';

/** Longest text the index gets of one message, in UTF-16 units. */
export const MAX_INDEXED_LENGTH = 100_000;

const TAG_START = /^[a-z/!?]/i;
const SILENT = ['script', 'style'];
/** Names as HTML has them: letters differ by case. */
const ENTITIES: ReadonlyMap<string, string> = namedCharacters();

/** Where the tag that starts at `from` ends: behind its `>`, for script and style behind their closing tag; −1 when it never does. */
function endOfTag(text: string, lower: string, from: number): number {
  if (text.startsWith('<!--', from)) {
    const end = text.indexOf('-->', from + 4);
    return end < 0 ? -1 : end + 3;
  }
  const silent = SILENT.find(
    (name) => lower.startsWith(`<${name}`, from) && !/\w/.test(lower[from + 1 + name.length] ?? ''),
  );
  const start = silent === undefined ? from : lower.indexOf(`</${silent}`, from);
  if (start < 0) return text.length;
  const end = text.indexOf('>', start);
  return end < 0 ? -1 : end + 1;
}

/** Takes tags, comments, scripts and styles out; each leaves a space. Linear in the length, whatever the text. */
function withoutMarkup(text: string): string {
  const lower = text.toLowerCase();
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    const open = text.indexOf('<', at);
    if (open < 0) break;
    if (!TAG_START.test(text.slice(open + 1, open + 2))) {
      parts.push(text.slice(at, open + 1));
      at = open + 1;
      continue;
    }
    const end = endOfTag(text, lower, open);
    // No ">" is left: none of the following "<" is a tag either.
    if (end < 0) break;
    parts.push(text.slice(at, open), ' ');
    at = end;
  }
  parts.push(text.slice(at));
  return parts.join('');
}

/**
 * What the index gets of a message's content: control characters and runs of white space as one space, at most 100 000 characters, and else
 * as it was written. Of HTML the text alone, with common entities decoded.
 */
export function searchableText(content: string, format: ContentFormat): string {
  const written = format === ContentFormat.HTML ? textOfHtml(content) : content;
  const text = written.replace(/[\s\p{Cc}\p{Cs}]+/gu, ' ').trim();
  // The cut may fall into a surrogate pair; its first half alone is not text.
  return text.slice(0, MAX_INDEXED_LENGTH).replace(/\p{Cs}$/u, '');
}

function textOfHtml(content: string): string {
  return withoutMarkup(content).replace(
    /&([a-z]{2,8}\d{0,2}|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi,
    (entity, name: string, decimal?: string, hexadecimal?: string) => {
      const code = decimal === undefined ? parseInt(hexadecimal ?? '', 16) : Number(decimal);
      if (Number.isNaN(code)) return ENTITIES.get(name) ?? ENTITIES.get(name.toLowerCase()) ?? entity;
      return code <= 0x10_ffff ? String.fromCodePoint(code) : entity;
    },
  );
}

/** What editors write by name: the characters of Latin-1 from U+00A0 on, in their order, and some others. */
function namedCharacters(): Map<string, string> {
  const latin1 =
    'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ' +
    'ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ' +
    'ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring ' +
    'aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc ' +
    'uuml yacute thorn yuml';
  const others = {
    ...{
      amp: '&',
      lt: '<',
      gt: '>',
      quot: '"',
      apos: "'",
      OElig: 'Œ',
      oelig: 'œ',
      Scaron: 'Š',
      scaron: 'š',
      Yuml: 'Ÿ',
    },
    ...{
      ensp: ' ',
      emsp: ' ',
      thinsp: ' ',
      zwnj: '\u200C',
      zwj: '\u200D',
      ndash: '–',
      mdash: '—',
      lsquo: '‘',
      rsquo: '’',
    },
    ...{ sbquo: '‚', ldquo: '“', rdquo: '”', bdquo: '„', bull: '•', hellip: '…', euro: '€', trade: '™' },
  };
  const named = latin1.split(' ').map((name, index) => [name, String.fromCodePoint(0xa0 + index)] as const);
  return new Map([...named, ...Object.entries(others)]);
}
