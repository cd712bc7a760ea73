/** What HTML reads as markup, and what stands for it in a text that must not be markup. */
const ENTITIES = [
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&#34;'],
  ["'", '&#39;'],
] as const;

/** The first of five code points that Unicode keeps for a program's own use: no text that people exchange has them. */
const FIRST_MARK = 0xfdd0;

const ENTITY_OF_MARK = new Map<string, string>();
const MARK_OF = new Map<string, string>();
const PLAIN_OF = new Map<string, string>();
ENTITIES.forEach(([plain, entity], index) => {
  const mark = String.fromCharCode(FIRST_MARK + index);
  MARK_OF.set(plain, mark);
  PLAIN_OF.set(mark, plain);
  ENTITY_OF_MARK.set(mark, entity);
});

const SPECIALS = /[&<>"']/g;
const MARKS = /[\uFDD0-\uFDD4]/g;

/**
 * A text that is somebody's words, as a template handles it: each of its characters that HTML would read as markup is replaced by a mark, one
 * for one, so that filters and captures carry along, character by character, what is a value and what is the template's own markup.
 */
export function marked(text: string): string {
  return text.replace(SPECIALS, (special) => MARK_OF.get(special) ?? special);
}

/** Every text in a value, marked: in lists and objects too, and their keys. A mark that somebody wrote is no mark: it becomes U+FFFD. */
export function markedValue(value: unknown): unknown {
  return mapped(value, (text) => marked(text.replace(MARKS, '\uFFFD')));
}

/** A marked text as it was written. Its length and the places in it stay. */
export function unmarked(text: string): string {
  return text.replace(MARKS, (mark) => PLAIN_OF.get(mark) ?? mark);
}

/** Every text in a value as it was written. */
export function unmarkedValue(value: unknown): unknown {
  return mapped(value, unmarked);
}

/** A rendered text as HTML: what is marked is text in it, the rest is markup. */
export function escapedMarks(rendered: string): string {
  return rendered.replace(MARKS, (mark) => ENTITY_OF_MARK.get(mark) ?? mark);
}

function mapped(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapped(item, change));
  if (!isPlainObject(value)) return value;
  const copy = Object.create(null) as Record<string, unknown>;
  for (const [key, item] of Object.entries(value)) copy[change(key)] = mapped(item, change);
  return copy;
}

/** Neither a date nor one of the engine's own objects, which it tells apart by their class. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
