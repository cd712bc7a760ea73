import type { Expression, RawBuilder, SqlBool, Transaction } from 'kysely';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { isOfDeletion } from './sql-deletions.js';
import { isHeld, lockLegalHolds } from './sql-legal-holds.js';
import type { SqlSchema } from '../schema/sql-schema.js';

/** A table with traces. */
export interface TraceTable {
  readonly name: keyof SqlSchema;
  /** Columns of its primary key. */
  readonly key: readonly string[];
  /** In which order rows are taken: that of the index that finds them, so that no page sorts or scans the others. Default the key's. */
  readonly order?: readonly string[];
  /** Whether legal holds keep some of its rows. */
  readonly isUnderHold: boolean;
  /** Which rows are traces of a target that no legal hold keeps; null: its rows cannot be found by such a target. */
  which(database: SqlDatabase, target: TraceTarget): RawBuilder<SqlBool> | null;
}

/** By which column rows are found; without one they are not. */
interface TraceColumns<T extends keyof SqlSchema> {
  readonly name: T;
  readonly key: readonly (keyof SqlSchema[T] & string)[];
  readonly order?: readonly (keyof SqlSchema[T] & string)[];
  readonly messages?: keyof SqlSchema[T] & string;
  /** What is in a conversation, legal holds keep. */
  readonly conversation?: keyof SqlSchema[T] & string;
  readonly subject?: keyof SqlSchema[T] & string;
  /** Milliseconds: tells what a deletion of its conversation is about. */
  readonly writtenAt?: keyof SqlSchema[T] & string;
}

/** A table whose own columns say whose traces its rows are. */
export function traceTable<T extends keyof SqlSchema>(columns: TraceColumns<T>): TraceTable {
  const { name, conversation } = columns;
  return {
    ...columns,
    isUnderHold: conversation !== undefined,
    which(database, target) {
      const { sql } = database;
      if (target.kind === 'deletions') {
        if (conversation === undefined || columns.writtenAt === undefined) return null;
        const place = sql.ref<string>(`${name}.${conversation}`);
        const writtenAt = sql.ref<number>(`${name}.${columns.writtenAt}`);
        return sql<SqlBool>`${isOfDeletion(database, place, writtenAt, target.deletions)} AND NOT ${isKept(database, place, target)}`;
      }
      const column = columns[target.kind];
      if (column === undefined) return null;
      const found = sql.ref(`${name}.${column}`);
      if (target.kind === 'messages') return isAmong(database, found, target.messageIds);
      const id = target.kind === 'conversation' ? target.conversationId : target.subjectId;
      if (conversation === undefined) return sql<SqlBool>`${found} = ${id}`;
      return sql<SqlBool>`${found} = ${id} AND NOT ${isKept(database, sql.ref<string>(`${name}.${conversation}`), target)}`;
    },
  };
}

/** Whether a value is one of many: one parameter, however many they are. */
export function isAmong(
  { dialect, sql }: SqlDatabase,
  value: Expression<unknown>,
  among: readonly string[],
): RawBuilder<SqlBool> {
  return dialect === 'postgres'
    ? sql<SqlBool>`${value} = ANY(${among}::text[])`
    : sql<SqlBool>`${value} IN (SELECT value FROM json_each(${JSON.stringify(among)}))`;
}

/** Whether what is in a conversation stays: a legal hold keeps it now, or the erasure of a person leaves it out. */
export function isKept(
  database: SqlDatabase,
  conversation: Expression<string | null>,
  target: TraceTarget | undefined,
): RawBuilder<SqlBool> {
  const held = isHeld(database, conversation);
  if (target?.kind !== 'subject' || target.exceptConversations.length === 0) return held;
  // Nowhere is not among them; in SQL it would be neither.
  const somewhere = database.sql<string>`COALESCE(${conversation}, '')`;
  return database.sql<SqlBool>`(${held} OR ${isAmong(database, somewhere, target.exceptConversations)})`;
}

/** Ids of the messages that a target is about, and no legal hold keeps: a query. */
export function messagesOf(database: SqlDatabase, target: TraceTarget): RawBuilder<string> {
  return database.sql`SELECT message.message_id FROM mq_messages AS message WHERE ${isOfTarget(database, target)}`;
}

/** Whether a row of `mq_messages AS message` is what a target is about, and no legal hold keeps it. */
export function isOfTarget(database: SqlDatabase, target: TraceTarget): RawBuilder<SqlBool> {
  const { sql } = database;
  if (target.kind === 'messages') return isAmong(database, sql.ref('message.message_id'), target.messageIds);
  const conversation = sql.ref<string>('message.conversation_id');
  const kept = isKept(database, conversation, target);
  if (target.kind === 'deletions') {
    const writtenAt = sql.ref<number>('message.created_at');
    return sql<SqlBool>`${isOfDeletion(database, conversation, writtenAt, target.deletions)} AND NOT ${kept}`;
  }
  return target.kind === 'conversation'
    ? sql<SqlBool>`message.conversation_id = ${target.conversationId} AND NOT ${kept}`
    : sql<SqlBool>`message.sender_id = ${target.subjectId} AND NOT ${kept}`;
}

/** How many traces of a target are in these tables. */
export async function countTraces(
  database: SqlDatabase,
  tables: readonly TraceTable[],
  target: TraceTarget,
  signal: AbortSignal,
): Promise<number> {
  return database.run('count traces', signal, async (db) => {
    let records = 0;
    for (const table of tables) {
      const which = table.which(database, target);
      if (which === null) continue;
      const { sql } = database;
      const { rows } = await sql<{ records: number }>`
        SELECT COUNT(*) AS records FROM ${sql.table(table.name)} WHERE ${which}`.execute(db);
      records += rows[0]?.records ?? 0;
    }
    return records;
  });
}

/** Deletes the next traces of a target from these tables, `limit` at most. @returns how many */
export async function eraseTraces(
  database: SqlDatabase,
  tables: readonly TraceTable[],
  target: TraceTarget,
  limit: number,
  signal: AbortSignal,
): Promise<number> {
  return database.transaction('erase traces', signal, async (tx) => {
    let removed = 0;
    for (const table of tables) {
      const page = await pageOfTraces(database, tx, table, target, limit - removed);
      if (page === null) continue;
      const { sql } = database;
      const key = sql.join(table.key.map((column) => sql.ref(column)));
      const { numAffectedRows } = await sql`
        WITH page AS (${page}) DELETE FROM ${sql.table(table.name)} WHERE (${key}) IN (SELECT * FROM page)`.execute(
        tx,
      );
      removed += Number(numAffectedRows ?? 0n);
    }
    return removed;
  });
}

/**
 * A query of the keys of the next traces of a target. It locks their rows: of two that erase at once, the second takes those that come
 * after, and finds none only when none is left. Null: the table has none.
 */
export async function pageOfTraces(
  database: SqlDatabase,
  tx: Transaction<SqlSchema>,
  table: TraceTable,
  target: TraceTarget,
  limit: number,
): Promise<RawBuilder<Record<string, string>> | null> {
  const which = table.which(database, target);
  if (which === null) return null;
  if (table.isUnderHold && target.kind !== 'messages') await lockLegalHolds(database, tx);
  const { sql, dialect } = database;
  const columns = (names: readonly string[]) => sql.join(names.map((column) => sql.ref(column)));
  return sql`SELECT ${columns(table.key)} FROM ${sql.table(table.name)} WHERE ${which}
    ORDER BY ${columns(table.order ?? table.key)} LIMIT ${limit} ${sql.raw(dialect === 'postgres' ? 'FOR UPDATE' : '')}`;
}
