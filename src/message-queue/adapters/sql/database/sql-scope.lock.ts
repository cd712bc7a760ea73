import { createHash } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { SqlDatabase } from './sql-database.js';
import type { SqlSchema } from '../schema/sql-schema.js';

/** An arbitrary number that no other software on the database uses: "mqdk" in ASCII. */
const ADVISORY_LOCK = 0x6d71_646b;

/**
 * Lets the transaction continue once no other one adds or destroys keys of this scope: else a key that is being added and a tombstone that
 * is being written would not see each other. SQLite's transactions run one by one anyway.
 */
export async function lockScope(
  database: SqlDatabase,
  tx: Transaction<SqlSchema>,
  scopeHash: string,
): Promise<void> {
  if (database.dialect === 'sqlite') return;
  // Two scopes may share a number, and then wait for each other: that is all.
  const scope = createHash('sha256').update(scopeHash).digest().readInt32BE(0);
  const { sql } = database;
  await sql`SELECT pg_advisory_xact_lock(${sql.lit(ADVISORY_LOCK)}::int, ${scope}::int)`.execute(tx);
}
