import { looksLikeIdentifier } from '../../../kernel/values/identifier.js';

/** What of a payload is content. */
export interface ContentLeaves {
  /** Texts, and names of fields that are none of a class. */
  readonly texts: ReadonlySet<string>;
  /** Numbers of four digits and more, as they are written. */
  readonly numbers: ReadonlySet<string>;
}

/** UTF-16 units of all texts together. */
export const MOST_CONTENT = 256 * 1024;
/** Values looked at, objects and lists too. */
export const MOST_NODES = 20_000;

const LONG_NUMBER = /\d{4}/;

/** What is still to be looked at, and what was found. */
interface Search {
  readonly open: unknown[];
  readonly seen: Set<object>;
  readonly texts: Set<string>;
  readonly numbers: Set<string>;
  room: number;
}

/**
 * Every text and number in a payload, except those in fields that are declared readable. Pure but for the payload's getters.
 * @param payloads the payload as it was stored and as its handler saw it
 * @param readable names of fields of the payload itself
 * @returns null for a payload that is too large to look through, or that cannot be read
 */
export function leavesOf(payloads: readonly unknown[], readable: ReadonlySet<string>): ContentLeaves | null {
  const search: Search = {
    open: [],
    seen: new Set(),
    texts: new Set(),
    numbers: new Set(),
    room: MOST_CONTENT,
  };
  try {
    for (const payload of payloads) {
      if (typeof payload === 'object' && payload !== null) openObject(search, payload, readable);
      else search.open.push(payload);
    }
    return searched(search) ? search : null;
  } catch {
    // A getter of the host's threw.
    return null;
  }
}

/** @returns false when it is too much */
function searched(search: Search): boolean {
  const { open, seen, texts, numbers } = search;
  for (let nodes = 0; open.length > 0; nodes += 1) {
    if (nodes + open.length > MOST_NODES || search.room < 0) return false;
    const value = open.pop();
    if (typeof value === 'string') addText(search, value);
    else if (typeof value === 'number' || typeof value === 'bigint') {
      if (LONG_NUMBER.test(String(value).replace(/\D/g, ''))) numbers.add(String(value));
    } else if (typeof value === 'object' && value !== null && !seen.has(value)) {
      openObject(search, value, NONE);
    }
  }
  return search.room >= 0 && texts.size <= MOST_NODES;
}

function openObject(search: Search, value: object, readable: ReadonlySet<string>): void {
  search.seen.add(value);
  if (ArrayBuffer.isView(value)) return;
  if (value instanceof Map) search.open.push(...value.keys(), ...value.values());
  else if (value instanceof Set) search.open.push(...value);
  else if (Array.isArray(value)) {
    for (let index = 0; index < value.length && index <= MOST_NODES; index += 1)
      search.open.push(value[index]);
  } else {
    for (const key of Object.keys(value).slice(0, MOST_NODES + 1)) {
      if (readable.has(key)) continue;
      if (!looksLikeIdentifier(key)) addText(search, key);
      search.open.push((value as Readonly<Record<string, unknown>>)[key]);
    }
  }
}

function addText(search: Search, text: string): void {
  if (search.texts.has(text)) return;
  search.room -= text.length;
  search.texts.add(text);
}

const NONE: ReadonlySet<string> = new Set();
