import { createHash } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { SqlDatabase } from './sql-database.js';
import type { SqlSchema } from '../schema/sql-schema.js';

/**
 * Lets the transaction continue once no other one works on any of these names: of two that write the same new row, neither could see the
 * other's. SQLite's transactions run one by one anyway.
 * @param space a number that no other locks of ours use
 */
export async function lockNames(
  { dialect, sql }: SqlDatabase,
  tx: Transaction<SqlSchema>,
  space: number,
  names: readonly string[],
): Promise<void> {
  if (dialect === 'sqlite') return;
  // Two names may share a number, and then wait for each other: that is all. All take theirs in one order, so that nobody waits in a circle.
  const numbers = new Set(names.map((name) => createHash('sha256').update(name).digest().readInt32BE(0)));
  for (const number of [...numbers].sort((a, b) => a - b))
    await sql`SELECT pg_advisory_xact_lock(${sql.lit(space)}::int, ${number}::int)`.execute(tx);
}
