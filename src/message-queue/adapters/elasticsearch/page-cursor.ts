import { InvalidCursorError } from '../../ports/page.js';
import type { PageRequest } from '../../ports/page.js';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;

/** The sort values of a page's last hit, which `search_after` takes: time and message id. */
export type SortValues = readonly [createdAt: number, messageId: string];

/** Hits per page: 50 by default, between 1 and 500. */
export function hitsPerPage({ limit = DEFAULT_LIMIT }: PageRequest): number {
  const whole = Math.trunc(limit);
  return Number.isFinite(whole) ? Math.min(Math.max(whole, 1), MAX_LIMIT) : DEFAULT_LIMIT;
}

/** @throws InvalidCursorError */
export function sortValuesOf({ cursor }: PageRequest): SortValues | null {
  if (cursor === undefined) return null;
  const [, at, id] = /^(-?\d{1,16}):([^\0]+)$/su.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (at !== undefined && id !== undefined) return [Number(at), id];
  throw new InvalidCursorError('The cursor must be the nextCursor of the previous page, unchanged.');
}

/** The cursor of the page after a hit. */
export function cursorAfter([createdAt, messageId]: SortValues): string {
  return Buffer.from(`${createdAt}:${messageId}`).toString('base64url');
}
