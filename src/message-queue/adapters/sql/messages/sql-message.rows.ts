import type { Expression, ExpressionBuilder, Selectable, SqlBool, Transaction } from 'kysely';
import type { AttachmentReference } from '../../../ports/attachments/attachment-reference.js';
import type { RecipientStatus, StoredMessage } from '../../../ports/messages/message-store.js';
import type { SqlDatabase } from '../database/sql-database.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { toDate, toDateOrNull } from '../database/sql-values.js';
import { isAmong } from '../traces/sql-traces.js';

/** A row of `mq_messages`. */
export type MessageRow = Selectable<SqlSchema['mq_messages']>;

/** A row of `mq_message_recipients`. */
export type RecipientRow = Selectable<SqlSchema['mq_message_recipients']>;

/** A stored message without its recipients. */
export function toMessage(row: MessageRow): Omit<StoredMessage, 'recipients'> {
  return {
    messageId: row.message_id,
    senderId: row.sender_id,
    conversationId: row.conversation_id,
    content: row.content,
    encrypted: row.encrypted === 1,
    attachments: JSON.parse(row.attachments) as AttachmentReference[],
    batchId: row.batch_id,
    createdAt: toDate(row.created_at),
  };
}

/** One recipient's status. */
export function toRecipientStatus(row: RecipientRow): RecipientStatus {
  return {
    messageId: row.message_id,
    recipientId: row.recipient_id,
    status: row.status,
    sentAt: toDateOrNull(row.sent_at),
    deliveredAt: toDateOrNull(row.delivered_at),
    readAt: toDateOrNull(row.read_at),
    failedAt: toDateOrNull(row.failed_at),
    failureReason: row.failure_reason,
  };
}

/** Messages with all their recipients, in the order of the rows. */
export async function withRecipients(
  database: SqlDatabase,
  rows: readonly MessageRow[],
  signal?: AbortSignal,
): Promise<StoredMessage[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.message_id);
  const copies = await database.run('read recipients', signal, (db) =>
    db
      .selectFrom('mq_message_recipients')
      .selectAll()
      .where('message_id', 'in', ids)
      .orderBy('message_id')
      .orderBy('recipient_id')
      .execute(),
  );
  const recipients = new Map<string, RecipientStatus[]>(ids.map((id) => [id, []]));
  for (const copy of copies) recipients.get(copy.message_id)?.push(toRecipientStatus(copy));
  return rows.map((row) => ({ ...toMessage(row), recipients: recipients.get(row.message_id) ?? [] }));
}

/** Whether users see a message: it was not recalled, is not being cleaned up, and its conversation was not deleted after it. */
export function isVisible(
  eb: ExpressionBuilder<SqlSchema & { message: SqlSchema['mq_messages'] }, 'message'>,
): Expression<SqlBool> {
  const deleted = eb
    .selectFrom('mq_conversations')
    .select('mq_conversations.conversation_id')
    .whereRef('mq_conversations.conversation_id', '=', 'message.conversation_id')
    // Not when it was written, which its sender claims.
    .where((inner) =>
      inner(
        'mq_conversations.deleted_at',
        '>=',
        inner.fn.coalesce('message.received_at', 'message.created_at'),
      ),
    );
  return eb.and([eb('message.claimed', '=', 0), eb('message.recalled', '=', 0), eb.not(eb.exists(deleted))]);
}

/** Which of these messages no read shows. */
export async function hiddenAmong(
  database: SqlDatabase,
  messageIds: readonly string[],
  signal?: AbortSignal,
): Promise<string[]> {
  if (messageIds.length === 0) return [];
  const rows = await database.run('look for hidden messages', signal, (db) =>
    db
      .selectFrom('mq_messages as message')
      .select('message.message_id')
      .where((eb) => isAmong(database, eb.ref('message.message_id'), messageIds))
      .where((eb) => eb.not(isVisible(eb)))
      .execute(),
  );
  return rows.map((row) => row.message_id);
}

/**
 * Whether the stored message is the same; content that it lacks is filled in. Apart from the insert, whose
 * conflict would lock the row that all recipients of a message share.
 */
export async function isSameMessage(
  tx: Transaction<SqlSchema>,
  row: Omit<MessageRow, 'created_at' | 'claimed' | 'recalled'>,
): Promise<boolean> {
  const [stored] = await tx
    .selectFrom('mq_messages')
    .select(['sender_id', 'conversation_id', 'content', 'encrypted', 'attachments'])
    .where('message_id', '=', row.message_id)
    .execute();
  const isSame =
    stored?.sender_id === row.sender_id &&
    stored.conversation_id === row.conversation_id &&
    stored.encrypted === row.encrypted &&
    stored.attachments === row.attachments &&
    // What failed before it could be sealed has none.
    (stored.content === row.content || stored.content === '' || row.content === '');
  if (isSame && stored.content === '') {
    const { content } = row;
    await tx
      .updateTable('mq_messages')
      .set({ content })
      .where('message_id', '=', row.message_id)
      .where('content', '=', '')
      .execute();
  }
  // Gone in this moment: the recipient's row says so.
  return isSame || stored === undefined;
}
