import { randomUUID } from 'node:crypto';
import { DeliveryStatus } from '../../../ports/messages/delivery-status.js';
import { claimedTime } from '../../../ports/messages/claimed-time.js';
import { MessageIdTakenError, MessageStore } from '../../../ports/messages/message-store.js';
import type {
  BatchStatusCounts,
  ConversationShare,
  MessageForRecipient,
  MessageToSave,
  RecallNotice,
  RecipientStatus,
  StatusChange,
  StatusOutcome,
  StoredMessage,
} from '../../../ports/messages/message-store.js';
import type { Page, PageRequest } from '../../../ports/page.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { listConversationsOf, MESSAGE_COPIES } from '../traces/sql-message-traces.js';
import { listConversation, listPending } from './sql-message-lists.js';
import {
  hiddenAmong,
  isSameMessage,
  isVisible,
  toRecipientStatus,
  withRecipients,
} from './sql-message.rows.js';
import { confirmRecalled, listRecalled, noteRecalled, RECALL_NOTICES } from './sql-recall-notices.js';
import { statusStep } from './sql-status-step.js';
import { countTraces, eraseTraces } from '../traces/sql-traces.js';
import { toText } from '../database/sql-values.js';

const TRACES = [MESSAGE_COPIES, RECALL_NOTICES];

/** Messages and their recipients' status in SQL. */
export class SqlMessageStore extends MessageStore {
  readonly holds = 'message copies';

  constructor(private readonly database: SqlDatabase) {
    super();
  }

  async save(message: MessageToSave, signal: AbortSignal): Promise<'saved' | 'exists'> {
    const { messageId: message_id, batchId: batch_id } = message;
    const receivedAt = message.receivedAt ?? message.createdAt;
    const created_at = claimedTime(message.createdAt, receivedAt).getTime();
    const row = {
      ...{
        message_id,
        batch_id,
        created_at,
        received_at: receivedAt.getTime(),
        sender_id: message.senderId,
        conversation_id: message.conversationId,
      },
      ...{ content: toText(message.content), encrypted: Number(message.encrypted) },
      attachments: JSON.stringify(message.attachments),
    };
    const copy = {
      ...{ message_id, batch_id, created_at, recipient_id: message.recipientId },
      ...{ status: DeliveryStatus.PENDING, status_at: created_at },
    };
    const added = await this.database.transaction('save a message', signal, async (tx) => {
      const fresh = await tx
        .insertInto('mq_messages')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning('message_id')
        .execute();
      if (fresh.length === 0 && !(await isSameMessage(tx, row))) return null;
      return tx
        .insertInto('mq_message_recipients')
        .values(copy)
        .onConflict((conflict) => conflict.doNothing())
        .returning('recipient_id')
        .execute();
    });
    if (added === null) throw new MessageIdTakenError(message_id);
    return added.length > 0 ? 'saved' : 'exists';
  }

  async advanceStatus(change: StatusChange, signal: AbortSignal): Promise<StatusOutcome> {
    const changeId = randomUUID();
    const rows = await this.database.run('advance a status', signal, (db) =>
      db
        .updateTable('mq_message_recipients')
        .set((eb) => statusStep(eb, change, changeId))
        .where('message_id', '=', change.messageId)
        .where('recipient_id', '=', change.recipientId)
        .returning('advanced_by')
        .execute(),
    );
    const [row] = rows;
    if (row === undefined) return 'unknown';
    return row.advanced_by === changeId ? 'advanced' : 'unchanged';
  }

  async find(messageId: string, signal?: AbortSignal): Promise<StoredMessage | null> {
    const [row] = await this.database.run('find a message', signal, (db) =>
      db
        .selectFrom('mq_messages as message')
        .selectAll()
        .where('message.message_id', '=', messageId)
        .where(isVisible)
        .execute(),
    );
    if (row === undefined) return null;
    const [message] = await withRecipients(this.database, [row], signal);
    return message ?? null;
  }

  async findStatus(
    messageId: string,
    recipientId: string,
    signal?: AbortSignal,
  ): Promise<RecipientStatus | null> {
    const [row] = await this.database.run('find a status', signal, (db) =>
      db
        .selectFrom('mq_message_recipients as copy')
        .innerJoin('mq_messages as message', 'message.message_id', 'copy.message_id')
        .selectAll('copy')
        .where('copy.message_id', '=', messageId)
        .where('copy.recipient_id', '=', recipientId)
        .where(isVisible)
        .execute(),
    );
    return row === undefined ? null : toRecipientStatus(row);
  }

  async listConversation(
    conversationId: string,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<StoredMessage>> {
    return listConversation(this.database, conversationId, page, signal);
  }

  async listPending(
    recipientId: string,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<MessageForRecipient>> {
    return listPending(this.database, recipientId, page, signal);
  }

  async listConversationsOf(
    personId: string,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<ConversationShare>> {
    return listConversationsOf(this.database, personId, page, signal);
  }

  async countBatch(batchId: string, signal?: AbortSignal): Promise<BatchStatusCounts> {
    const rows = await this.database.run('count a batch', signal, (db) =>
      db
        .selectFrom('mq_message_recipients')
        .select(({ fn }) => ['status', fn.countAll<number>().as('recipients')])
        .where('batch_id', '=', batchId)
        .groupBy('status')
        .execute(),
    );
    const counts = { pending: 0, sent: 0, delivered: 0, read: 0, failed: 0 };
    for (const row of rows) counts[row.status] = row.recipients;
    return counts;
  }

  async hide(messageId: string, signal: AbortSignal): Promise<StoredMessage | null> {
    const rows = await this.database.run('hide a message', signal, (db) =>
      db
        .updateTable('mq_messages')
        .set({ recalled: 1 })
        .where('message_id', '=', messageId)
        .returningAll()
        .execute(),
    );
    const [message] = await withRecipients(this.database, rows, signal);
    return message ?? null;
  }

  async hiddenAmong(messageIds: readonly string[], signal?: AbortSignal): Promise<readonly string[]> {
    return hiddenAmong(this.database, messageIds, signal);
  }

  async noteRecalled(notices: readonly RecallNotice[], signal: AbortSignal): Promise<void> {
    return noteRecalled(this.database, notices, signal);
  }

  async listRecalled(
    recipientId: string,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<RecallNotice>> {
    return listRecalled(this.database, recipientId, page, signal);
  }

  async confirmRecalled(messageId: string, recipientId: string, signal: AbortSignal): Promise<void> {
    return confirmRecalled(this.database, messageId, recipientId, signal);
  }

  async countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return countTraces(this.database, TRACES, target, signal);
  }

  async eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return eraseTraces(this.database, TRACES, target, limit, signal);
  }
}
