import type { Transaction } from 'kysely';
import type { SqlDatabase } from './sql-database.js';
import type { SqlSchema } from './sql-schema.js';

/** An arbitrary number that no other software on the database uses: "mq" and "lh" in ASCII. */
const ADVISORY_LOCK = 0x6d71_6c68;

/**
 * Lets the transaction continue once no other one is claiming messages or setting legal holds: else a claim and a hold that run at the same
 * time would not see each other. SQLite's transactions run one by one anyway.
 */
export async function lockLegalHolds(database: SqlDatabase, tx: Transaction<SqlSchema>): Promise<void> {
  if (database.dialect === 'sqlite') return;
  await database.sql`SELECT pg_advisory_xact_lock(${database.sql.lit(ADVISORY_LOCK)})`.execute(tx);
}
