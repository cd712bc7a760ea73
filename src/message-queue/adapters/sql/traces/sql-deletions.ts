import type { Expression, RawBuilder, SqlBool } from 'kysely';
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
