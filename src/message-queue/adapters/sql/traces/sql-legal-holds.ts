import type { Expression, RawBuilder, SqlBool, Transaction } from 'kysely';
import type { SqlDatabase } from '../database/sql-database.js';
import type { SqlSchema } from '../schema/sql-schema.js';

/** An arbitrary number that no other software on the database uses: "mq" and "lh" in ASCII. */
const ADVISORY_LOCK = 0x6d71_6c68;

/**
 * Lets the transaction continue once no other one is removing what a legal hold may keep, or setting legal holds: else a removal and a hold
 * that run at the same time would not see each other. SQLite's transactions run one by one anyway.
 */
export async function lockLegalHolds(database: SqlDatabase, tx: Transaction<SqlSchema>): Promise<void> {
  if (database.dialect === 'sqlite') return;
  await database.sql`SELECT pg_advisory_xact_lock(${database.sql.lit(ADVISORY_LOCK)})`.execute(tx);
}

/** The same beside others that only add: what is added meanwhile is seen by whoever removes next. */
export async function shareLegalHolds(database: SqlDatabase, tx: Transaction<SqlSchema>): Promise<void> {
  if (database.dialect === 'sqlite') return;
  await database.sql`SELECT pg_advisory_xact_lock_shared(${database.sql.lit(ADVISORY_LOCK)})`.execute(tx);
}

/** Whether a conversation is under legal hold now. @param conversation its id; null is no conversation */
export function isHeld({ sql }: SqlDatabase, conversation: Expression<string | null>): RawBuilder<SqlBool> {
  return sql<SqlBool>`EXISTS (SELECT 1 FROM mq_conversations AS hold
    WHERE hold.conversation_id = ${conversation} AND hold.legal_hold = 1)`;
}
