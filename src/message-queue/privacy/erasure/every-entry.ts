import type { Page, PageRequest } from '../../ports/page.js';

const PAGE = 100;

/** All entries of a list that comes in pages. */
export async function* everyEntry<T>(list: (page: PageRequest) => Promise<Page<T>>): AsyncGenerator<T> {
  for (let cursor: string | undefined; ;) {
    const { items, nextCursor } = await list({ cursor, limit: PAGE });
    yield* items;
    if (nextCursor === null) return;
    cursor = nextCursor;
  }
}
