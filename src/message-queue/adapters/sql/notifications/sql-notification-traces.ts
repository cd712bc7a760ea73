import type { SqlBool } from 'kysely';
import type { SqlSchema } from '../schema/sql-schema.js';
import { isOfDeletion } from '../traces/sql-deletions.js';
import { isAmong, isKept, messagesOf } from '../traces/sql-traces.js';
import type { TraceTable } from '../traces/sql-traces.js';

/** A table of what people were told: about a message, of a conversation, or of neither. */
export interface NotificationTable {
  readonly name: 'mq_notification_inbox' | 'mq_notification_ledger';
  readonly key: readonly string[];
  readonly order?: readonly string[];
  /** When people were told. */
  readonly writtenAt: keyof SqlSchema['mq_notification_inbox'] | keyof SqlSchema['mq_notification_ledger'];
}

/** Finds the rows of such a table by their message, by their conversation or that of their message, and by who was told. */
export function notificationTraces({ writtenAt: column, ...table }: NotificationTable): TraceTable {
  const { name } = table;
  return {
    ...table,
    isUnderHold: true,
    which(database, target) {
      const { sql } = database;
      const own = sql.ref<string | null>(`${name}.conversation_id`);
      if (target.kind === 'messages')
        return isAmong(database, sql.ref(`${name}.message_id`), target.messageIds);
      const isAbout = sql<SqlBool>`${sql.ref(`${name}.message_id`)} IN (${messagesOf(database, target)})`;
      if (target.kind === 'conversation') {
        return sql<SqlBool>`(${isAbout} OR ${own} = ${target.conversationId} AND NOT ${isKept(database, own, target)})`;
      }
      if (target.kind === 'deletions') {
        const isIn = isOfDeletion(database, own, sql.ref<number>(`${name}.${column}`), target.deletions);
        return sql<SqlBool>`(${isAbout} OR ${isIn} AND NOT ${isKept(database, own, target)})`;
      }
      const place = sql<string>`COALESCE(${own}, (SELECT message.conversation_id FROM mq_messages AS message
        WHERE message.message_id = ${sql.ref(`${name}.message_id`)}), '')`;
      const isTo = sql<SqlBool>`recipient_id = ${target.subjectId} AND NOT ${isKept(database, place, target)}`;
      return sql<SqlBool>`(${isAbout} OR ${isTo})`;
    },
  };
}
