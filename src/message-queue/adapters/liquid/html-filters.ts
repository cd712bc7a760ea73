import type { Context, FilterImplOptions } from 'liquidjs';
import { comparable } from './html-comparisons.js';
import { marked, markedValue, unmarked, unmarkedValue } from './marked-text.js';

type FilterThis = { readonly context: Context };
type FilterHandler = (this: FilterThis, ...args: unknown[]) => unknown;

/** They move, count, join or add characters, and look at none that is marked: they work on marked texts as on others. */
const INDIFFERENT: readonly string[] = [
  ...['append', 'prepend', 'upcase', 'downcase', 'capitalize', 'truncate', 'truncatewords', 'slice', 'size'],
  ...['strip_newlines', 'squish', 'normalize_whitespace', 'number_of_words', 'newline_to_br', 'default'],
  ...['join', 'first', 'last', 'reverse', 'map', 'compact', 'concat', 'push', 'pop', 'shift', 'unshift'],
  ...['uniq', 'sample', 'sum', 'group_by', 'group_by_exp', 'where_exp', 'reject_exp', 'has_exp', 'find_exp'],
  ...['find_index_exp', 'array_to_sentence_string', 'date', 'date_to_xmlschema', 'date_to_rfc822'],
  ...['date_to_string', 'date_to_long_string', 'to_integer', 'abs', 'at_least', 'at_most', 'ceil', 'floor'],
  ...['divided_by', 'minus', 'plus', 'times', 'modulo', 'round'],
];

const SEARCHING = ['where', 'reject', 'find', 'find_index', 'has'];
const TRIMMING = ['strip', 'lstrip', 'rstrip'];
const SORTING = ['sort', 'sort_natural'];
const ENTITY = /&(?=(?:[a-z][a-z0-9]*|#\d+|#x[0-9a-f]+);)/gi;

/**
 * The engine's filters for HTML that is made of marked texts. Each does what its documentation says, to what people see: `size` counts `&` as
 * one character, `url_encode` encodes it, `split: "<"` finds it. What a template adds (`append: "<br>"`, `newline_to_br`) stays markup; what
 * comes out of a value stays text, whatever a filter makes of it. A filter that nobody has thought of here gets the value as it was
 * written, and all of what it makes is text. `raw` does not exist: a template's own markup needs none, and values are never markup.
 */
export function htmlFilters(
  filters: Readonly<Record<string, FilterImplOptions>>,
): Record<string, FilterImplOptions> {
  const adapted = Object.create(null) as Record<string, FilterImplOptions>;
  for (const [name, filter] of Object.entries(filters)) {
    if (typeof filter !== 'function') continue;
    const original = filter as FilterHandler;
    const change = CHANGED.get(name) ?? (INDIFFERENT.includes(name) ? undefined : asText);
    adapted[name] = change === undefined ? filter : change(original);
  }
  return adapted;
}

const CHANGED: ReadonlyMap<string, (original: FilterHandler) => FilterHandler> = new Map<
  string,
  (original: FilterHandler) => FilterHandler
>([
  ['escape', () => escape],
  ['xml_escape', () => escape],
  ['escape_once', () => escapeOnce],
  ['strip_html', stripHtml],
  ['split', () => split],
  ['replace', () => replacing('all')],
  ['replace_first', () => replacing('first')],
  ['replace_last', () => replacing('last')],
  ['remove', () => replacing('all', '')],
  ['remove_first', () => replacing('first', '')],
  ['remove_last', () => replacing('last', '')],
  ...SEARCHING.map((name) => [name, searching] as const),
  ...TRIMMING.map((name) => [name, trimming] as const),
  ...SORTING.map((name) => [name, sorting] as const),
]);

/** The value as it was written goes in, and all of what comes out is text. */
function asText(original: FilterHandler): FilterHandler {
  return function* (value: unknown, ...args: unknown[]): Generator<unknown, unknown, unknown> {
    return markedValue(yield original.call(this, unmarkedValue(value), ...args.map(unmarkedValue)));
  };
}

/** What was markup is text from now on; what is text already is not escaped a second time. */
function escape(this: FilterThis, value: unknown): string {
  return marked(textOf(this, value));
}

/** As `escape`, and what has been escaped elsewhere stays: `&lt;` shows `<`. */
function escapeOnce(this: FilterThis, value: unknown): string {
  return marked(unmarked(textOf(this, value))).replace(MARKED_ENTITY, '&');
}

const MARKED_ENTITY = new RegExp(ENTITY.source.replace('&', marked('&')), 'gi');

function stripHtml(original: FilterHandler): FilterHandler {
  return function (value: unknown): string {
    // Entities are none of its business: only what may begin or end a tag is shown to it.
    const shown = textOf(this, value).replace(TAG_MARKS, unmarked);
    return String(original.call(this, shown)).replace(/[<>]/g, marked);
  };
}

const TAG_MARKS = new RegExp(`[${marked('<>')}]`, 'g');

function split(this: FilterThis, value: unknown, separator: unknown): string[] {
  const pieces = cut(textOf(this, value), unmarked(textOf(this, separator)), 'all');
  // As the engine does: no empty pieces at the end.
  while (pieces.at(-1) === '') pieces.pop();
  return pieces;
}

function replacing(which: 'all' | 'first' | 'last', always?: string): FilterHandler {
  return function (value: unknown, pattern: unknown, given: unknown): string {
    const replacement = always ?? textOf(this, given);
    const pieces = cut(textOf(this, value), unmarked(textOf(this, pattern)), which);
    this.context.memoryLimit.use(pieces.length * replacement.length);
    return pieces.join(replacement);
  };
}

/** The pieces of a marked text between the places where a pattern stands, whoever wrote it there. */
function cut(text: string, pattern: string, which: 'all' | 'first' | 'last'): string[] {
  const plain = unmarked(text);
  if (which !== 'all') {
    const at = which === 'first' ? plain.indexOf(pattern) : plain.lastIndexOf(pattern);
    return at === -1 ? [text] : [text.slice(0, at), text.slice(at + pattern.length)];
  }
  let begin = 0;
  return plain.split(pattern).map((piece) => {
    const end = begin + piece.length;
    const found = text.slice(begin, end);
    begin = end + pattern.length;
    return found;
  });
}

/** `where: "name", "Tom & Jerry"`: compared as they were written. */
function searching(original: FilterHandler): FilterHandler {
  return function (items: unknown, property: unknown, ...expected: unknown[]): unknown {
    return original.call(this, items, property, ...expected.map(comparable));
  };
}

/** `strip: "<>"`: these characters, whoever wrote them. */
function trimming(original: FilterHandler): FilterHandler {
  return function (value: unknown, ...chars: unknown[]): unknown {
    const both = chars.map((set) => `${unmarked(textOf(this, set))}${marked(textOf(this, set))}`);
    return original.call(this, value, ...both);
  };
}

/** In the order of what was written. */
function sorting(original: FilterHandler): FilterHandler {
  return function* (value: unknown, ...property: unknown[]): Generator<unknown, unknown, unknown> {
    const items: readonly unknown[] = Array.isArray(value) ? value : [value ?? []].flat();
    const written = items.map(unmarkedValue);
    const behind = new Map<unknown, unknown[]>(written.map((shown) => [shown, []]));
    written.forEach((shown, index) => behind.get(shown)?.push(items[index]));
    const sorted = (yield original.call(this, written, ...property)) as readonly unknown[];
    return sorted.map((shown) => behind.get(shown)?.shift());
  };
}

/** As the engine makes a text of anything, counted for its limit. */
function textOf({ context }: FilterThis, value: unknown): string {
  const text = stringified(value);
  context.memoryLimit.use(text.length);
  return text;
}

function stringified(value: unknown): string {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.map(stringified).join('') : [value].join('');
}
