import type { Transaction } from 'kysely';
import type { SqlDatabase } from './sql-database.js';
import { lockNames } from './sql-name.locks.js';
import type { SqlSchema } from '../schema/sql-schema.js';

/** An arbitrary number that no other software on the database uses: "mqdk" in ASCII. */
const LOCKS = 0x6d71_646b;

/**
 * Lets the transaction continue once no other one adds or destroys keys of this scope: else a key that is being added and a tombstone that
 * is being written would not see each other. SQLite's transactions run one by one anyway.
 */
export async function lockScope(
  database: SqlDatabase,
  tx: Transaction<SqlSchema>,
  scopeHash: string,
): Promise<void> {
  await lockNames(database, tx, LOCKS, [scopeHash]);
}
