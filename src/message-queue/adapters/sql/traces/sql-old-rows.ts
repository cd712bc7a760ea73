import type { RawBuilder, SqlBool } from 'kysely';
import type { SqlDatabase } from '../database/sql-database.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { isHeld, lockLegalHolds } from './sql-legal-holds.js';

/** A table whose rows are kept for a time only. */
export interface AgingTable {
  readonly name: keyof SqlSchema;
  readonly key: readonly string[];
  /** Milliseconds. */
  readonly at: string;
  /** Whether a row may belong to a conversation, of its own or through its message: legal holds keep it then. */
  readonly isInConversations: boolean;
}

/** How many rows are older. */
export async function countOld(
  database: SqlDatabase,
  table: AgingTable,
  before: Date,
  signal: AbortSignal,
): Promise<number> {
  const { sql } = database;
  return database.run('count old rows', signal, async (db) => {
    const { rows } = await sql<{ old: number }>`
      SELECT COUNT(*) AS old FROM ${sql.table(table.name)} WHERE ${isOld(database, table, before)}`.execute(
      db,
    );
    return rows[0]?.old ?? 0;
  });
}

/** Removes the oldest of them, `limit` at most. @returns how many */
export async function removeOld(
  database: SqlDatabase,
  table: AgingTable,
  before: Date,
  limit: number,
  signal: AbortSignal,
): Promise<number> {
  const { sql } = database;
  return database.transaction('remove old rows', signal, async (tx) => {
    if (table.isInConversations) await lockLegalHolds(database, tx);
    const key = sql.join(table.key.map((column) => sql.ref(column)));
    const { numAffectedRows } = await sql`DELETE FROM ${sql.table(table.name)} WHERE (${key}) IN (
      SELECT ${key} FROM ${sql.table(table.name)} WHERE ${isOld(database, table, before)}
        ORDER BY ${sql.ref(table.at)}, ${key} LIMIT ${limit})`.execute(tx);
    return Number(numAffectedRows ?? 0n);
  });
}

function isOld(
  database: SqlDatabase,
  { name, at, isInConversations }: AgingTable,
  before: Date,
): RawBuilder<SqlBool> {
  const { sql } = database;
  const isBefore = sql<SqlBool>`${sql.ref(`${name}.${at}`)} < ${before.getTime()}`;
  if (!isInConversations) return isBefore;
  const place = sql<string | null>`COALESCE(${sql.ref(`${name}.conversation_id`)},
    (SELECT message.conversation_id FROM mq_messages AS message WHERE message.message_id = ${sql.ref(`${name}.message_id`)}))`;
  return sql<SqlBool>`${isBefore} AND NOT ${isHeld(database, place)}`;
}
