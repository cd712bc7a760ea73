import type { ConversationShare } from '../../../ports/messages/message-store.js';
import type { Page, PageRequest } from '../../../ports/page.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { pageLimit, pageStart, toPage } from '../database/sql-page.js';
import { isKept } from './sql-traces.js';
import type { TraceTable } from './sql-traces.js';

/** Copies for recipients; messages themselves go by the CleanupStore. */
export const MESSAGE_COPIES: TraceTable = {
  name: 'mq_message_recipients',
  key: ['message_id', 'recipient_id'],
  isUnderHold: true,
  which(database, target) {
    if (target.kind !== 'subject') return null;
    const { sql } = database;
    const conversation = sql<string>`(SELECT message.conversation_id FROM mq_messages AS message
      WHERE message.message_id = mq_message_recipients.message_id)`;
    return sql`recipient_id = ${target.subjectId} AND NOT ${isKept(database, conversation, target)}`;
  },
};

/** Conversations that a person wrote or was written to in, by id. @throws InvalidCursorError */
export async function listConversationsOf(
  database: SqlDatabase,
  personId: string,
  page: PageRequest | undefined,
  signal: AbortSignal | undefined,
): Promise<Page<ConversationShare>> {
  const limit = pageLimit(page);
  const after = pageStart(page)?.id ?? '';
  const { sql } = database;
  const { rows } = await database.run("list a person's conversations", signal, (db) =>
    sql<{ id: string; records: number; shared: number }>`
      WITH records AS (
        SELECT conversation_id FROM mq_messages WHERE sender_id = ${personId} AND conversation_id > ${after}
        UNION ALL
        SELECT message.conversation_id FROM mq_message_recipients AS copy
          JOIN mq_messages AS message ON message.message_id = copy.message_id
          WHERE copy.recipient_id = ${personId} AND message.conversation_id > ${after}),
      shares AS (
        SELECT conversation_id AS id, COUNT(*) AS records FROM records
          GROUP BY conversation_id ORDER BY conversation_id LIMIT ${limit + 1})
      SELECT id, records, CASE WHEN EXISTS (
          SELECT 1 FROM mq_messages AS message WHERE message.conversation_id = shares.id
            AND (message.sender_id <> ${personId} OR EXISTS (
              SELECT 1 FROM mq_message_recipients AS copy
                WHERE copy.message_id = message.message_id AND copy.recipient_id <> ${personId}))
        ) THEN 1 ELSE 0 END AS shared
        FROM shares ORDER BY id`.execute(db),
  );
  return toPage(
    rows,
    limit,
    ({ id }) => ({ at: 0, id }),
    ({ id, records, shared }) => ({ conversationId: id, records, isShared: shared === 1 }),
  );
}
