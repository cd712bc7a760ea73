import { setImmediate } from 'node:timers/promises';
import type { SqlDatabase } from '../database/sql-database.js';

/** Pages of the index, of about 4 kB each, that one transaction merges: some tens of milliseconds in which nothing else runs. */
const PAGES_PER_STEP = 100;

/**
 * Lets FTS5 forget the words of texts that are gone. It only notes that they are, until it merges the parts of its index, so all of them
 * are merged, in short steps. (Its option `secure-delete` spares this, and breaks the index in the SQLite of libsql 0.5.) PostgreSQL keeps
 * the words in the rows themselves.
 */
export async function forgetWords(database: SqlDatabase, signal: AbortSignal): Promise<void> {
  if (database.dialect === 'postgres') return;
  // A negative number makes one part of all; steps of a positive one go on with it.
  let isMerging = await mergeWords(database, -PAGES_PER_STEP, signal);
  while (isMerging) {
    await setImmediate();
    isMerging = await mergeWords(database, PAGES_PER_STEP, signal);
  }
}

/** @returns whether there was something to merge: FTS5 says it by the number of rows that changed, one of which is the call itself */
async function mergeWords(database: SqlDatabase, pages: number, signal: AbortSignal): Promise<boolean> {
  const { sql } = database;
  return database.transaction('merge the full-text index', signal, async (tx) => {
    const changes = async (): Promise<number> =>
      (await sql<{ changes: number }>`SELECT total_changes() AS changes`.execute(tx)).rows[0]?.changes ?? 0;
    const before = await changes();
    await sql`INSERT INTO mq_search_words (mq_search_words, rank) VALUES ('merge', ${sql.lit(pages)})`.execute(
      tx,
    );
    return (await changes()) - before > 1;
  });
}
