import { DeliveryStatus } from '../../../ports/messages/delivery-status.js';
import type { MessageForRecipient, StoredMessage } from '../../../ports/messages/message-store.js';
import type { Page, PageRequest } from '../../../ports/page.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { pageLimit, pageStart, toPage } from '../database/sql-page.js';
import { isVisible, toMessage, withRecipients } from './sql-message.rows.js';
import type { MessageRow } from './sql-message.rows.js';

/** A conversation's messages, the newest first. @throws InvalidCursorError */
export async function listConversation(
  database: SqlDatabase,
  conversationId: string,
  page: PageRequest | undefined,
  signal: AbortSignal | undefined,
): Promise<Page<StoredMessage>> {
  const limit = pageLimit(page);
  const start = pageStart(page);
  const rows = await database.run('list a conversation', signal, (db) => {
    let query = db
      .selectFrom('mq_messages as message')
      .selectAll()
      .where('message.conversation_id', '=', conversationId)
      .where(isVisible);
    if (start !== null) {
      query = query.where((eb) =>
        eb(eb.refTuple('message.created_at', 'message.message_id'), '<', eb.tuple(start.at, start.id)),
      );
    }
    return query
      .orderBy('message.created_at', 'desc')
      .orderBy('message.message_id', 'desc')
      .limit(limit + 1)
      .execute();
  });
  const messages = await withRecipients(database, rows, signal);
  const after = (message: StoredMessage) => ({ at: message.createdAt.getTime(), id: message.messageId });
  return toPage(messages, limit, after, (message) => message);
}

/** What waits for a person, the oldest first. @throws InvalidCursorError */
export async function listPending(
  database: SqlDatabase,
  recipientId: string,
  page: PageRequest | undefined,
  signal: AbortSignal | undefined,
): Promise<Page<MessageForRecipient>> {
  const limit = pageLimit(page);
  const start = pageStart(page);
  const rows = await database.run('list pending messages', signal, (db) => {
    let query = db
      .selectFrom('mq_message_recipients as copy')
      .innerJoin('mq_messages as message', 'message.message_id', 'copy.message_id')
      .selectAll('message')
      .where('copy.recipient_id', '=', recipientId)
      .where('copy.status', '=', DeliveryStatus.PENDING)
      .where(isVisible);
    if (start !== null) {
      query = query.where((eb) =>
        eb(eb.refTuple('copy.created_at', 'copy.message_id'), '>', eb.tuple(start.at, start.id)),
      );
    }
    return query
      .orderBy('copy.created_at')
      .orderBy('copy.message_id')
      .limit(limit + 1)
      .execute();
  });
  const after = (row: MessageRow) => ({ at: row.created_at, id: row.message_id });
  return toPage(rows, limit, after, (row) => ({ ...toMessage(row), recipientId }));
}
