import { InvalidCursorError } from '../../../ports/page.js';
import type { Page, PageRequest } from '../../../ports/page.js';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;

/** Where a page starts: after the row with this time and id. Rows that come or go in between shift nothing. */
export interface PageStart {
  readonly at: number;
  readonly id: string;
}

/** Rows per page: 50 by default, between 1 and 500. */
export function pageLimit(page: PageRequest | undefined): number {
  const limit = Math.trunc(page?.limit ?? DEFAULT_LIMIT);
  return Number.isFinite(limit) ? Math.min(Math.max(limit, 1), MAX_LIMIT) : DEFAULT_LIMIT;
}

/** @throws InvalidCursorError */
export function pageStart(page: PageRequest | undefined): PageStart | null {
  if (page?.cursor === undefined) return null;
  const [, at, id] = /^(-?\d{1,16}):([^\0]*)$/su.exec(Buffer.from(page.cursor, 'base64url').toString()) ?? [];
  if (at === undefined || id === undefined) {
    throw new InvalidCursorError('The cursor must be the nextCursor of the previous page, unchanged.');
  }
  return { at: Number(at), id };
}

/** Makes a page of rows that were read with `limit + 1`: the one too many tells that there is a next page. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  startAfter: (row: Row) => PageStart,
  toItem: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return { items: shown.map(toItem), nextCursor: last === undefined ? null : toCursor(startAfter(last)) };
}

function toCursor(start: PageStart): string {
  return Buffer.from(`${start.at}:${start.id}`).toString('base64url');
}
