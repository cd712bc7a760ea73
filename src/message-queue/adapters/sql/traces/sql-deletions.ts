import type { Expression, RawBuilder, SqlBool } from 'kysely';
import type { Deletion } from '../../../ports/privacy/trace-holder.js';
import type { SqlDatabase } from '../database/sql-database.js';

/**
 * Whether the deletion of its conversation hides what was written at a time: the rule of `isDeletedWith`, in a statement.
 * @param conversation its id; null is no conversation
 * @param writtenAt milliseconds
 */
export function isDeletedWith(
  { sql }: Pick<SqlDatabase, 'sql'>,
  conversation: Expression<string | null>,
  writtenAt: Expression<number>,
): RawBuilder<SqlBool> {
  return sql<SqlBool>`EXISTS (SELECT 1 FROM mq_conversations AS deleted
    WHERE deleted.conversation_id = ${conversation} AND deleted.deleted_at >= ${writtenAt})`;
}

/** Whether something was written in one of these conversations before that was deleted. @param writtenAt milliseconds */
export function isOfDeletion(
  { dialect, sql }: SqlDatabase,
  conversation: Expression<string | null>,
  writtenAt: Expression<number>,
  deletions: readonly Deletion[],
): RawBuilder<SqlBool> {
  const ids = deletions.map(({ conversationId }) => conversationId);
  const times = deletions.map(({ deletedAt }) => deletedAt.getTime());
  // The first half finds the rows by an index, the second looks at what was found.
  if (dialect === 'postgres') {
    return sql<SqlBool>`(${conversation} = ANY(${ids}::text[]) AND EXISTS (
      SELECT 1 FROM UNNEST(${ids}::text[], ${times}::bigint[]) AS deletion (id, at)
        WHERE deletion.id = ${conversation} AND deletion.at >= ${writtenAt}))`;
  }
  const pairs = JSON.stringify(ids.map((id, at) => [id, times[at]]));
  return sql<SqlBool>`(${conversation} IN (SELECT value FROM json_each(${JSON.stringify(ids)})) AND EXISTS (
    SELECT 1 FROM json_each(${pairs}) AS deletion
      WHERE deletion.value ->> 0 = ${conversation} AND deletion.value ->> 1 >= ${writtenAt}))`;
}

/** Where something belongs that has a row of its own. */
export interface Belonging {
  readonly message: Expression<string | null>;
  /** Null: that of its message. */
  readonly conversation: Expression<string | null>;
  /** When it was written, milliseconds, where no message says. */
  readonly writtenAt: Expression<number>;
}

/** Whether nobody sees it any more: its message is hidden, or its conversation was deleted after it. */
export function isGone(
  database: SqlDatabase,
  { message, conversation, writtenAt }: Belonging,
): RawBuilder<SqlBool> {
  const { sql } = database;
  const ofMessage = (column: 'conversation_id' | 'created_at') =>
    sql`(SELECT ${sql.ref(`own.${column}`)} FROM mq_messages AS own WHERE own.message_id = ${message})`;
  const place = sql<string | null>`COALESCE(${ofMessage('conversation_id')}, ${conversation})`;
  const time = sql<number>`COALESCE(${ofMessage('created_at')}, ${writtenAt})`;
  return sql<SqlBool>`(EXISTS (SELECT 1 FROM mq_messages AS own
    WHERE own.message_id = ${message} AND (own.claimed = 1 OR own.recalled = 1)) OR ${isDeletedWith(database, place, time)})`;
}
