import { InvalidCursorError } from '../../ports/page.js';
import type { Page, PageRequest } from '../../ports/page.js';

/** What a list is sorted by: a time, then an id. */
export type SortKey = readonly [atMs: number, id: string];

/** Orders by time, then id. */
export function compareKeys(a: SortKey, b: SortKey): number {
  return a[0] - b[0] || (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0);
}

function keyOfCursor(cursor: string): SortKey {
  const [, at, id] = /^(-?\d{1,16}):([^\0]+)$/su.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (at !== undefined && id !== undefined) return [Number(at), id];
  throw new InvalidCursorError('The cursor must be the nextCursor of the previous page, unchanged.');
}

/** One page of a list in memory. Entries that come or go between two pages shift nothing. @throws InvalidCursorError */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => SortKey,
  order: 'oldest-first' | 'newest-first',
  page: PageRequest = {},
): Page<T> {
  const limit = Math.min(500, Math.max(1, Math.trunc(page.limit ?? 50) || 50));
  const direction = order === 'oldest-first' ? 1 : -1;
  const after = page.cursor === undefined ? null : keyOfCursor(page.cursor);
  const rest = items
    .filter((item) => after === null || compareKeys(keyOf(item), after) * direction > 0)
    .sort((a, b) => compareKeys(keyOf(a), keyOf(b)) * direction);
  const shown = rest.slice(0, limit);
  const last = rest.length > limit ? shown.at(-1) : undefined;
  const nextCursor = last === undefined ? null : Buffer.from(keyOf(last).join(':')).toString('base64url');
  return { items: shown, nextCursor };
}
