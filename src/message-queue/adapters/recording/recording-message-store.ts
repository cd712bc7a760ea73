import { Injectable } from '@nestjs/common';
import { advancesStatus } from '../../ports/messages/delivery-status.js';
import { MessageIdTakenError, MessageStore } from '../../ports/messages/message-store.js';
import type {
  BatchStatusCounts,
  MessageForRecipient,
  RecipientStatus,
  StatusChange,
  StatusOutcome,
  StoredMessage,
} from '../../ports/messages/message-store.js';
import type { Page, PageRequest } from '../../ports/page.js';
import { CallRecorder } from './call-recorder.js';
import { pageOf } from './page-of.js';
import { RecordedMessages } from './recorded-messages.js';
import type { MessageRow, RecipientRow } from './recorded-messages.js';

const TIME_OF = { sent: 'sentAt', delivered: 'deliveredAt', read: 'readAt', failed: 'failedAt' } as const;

/** Messages in memory, gone with the process. */
@Injectable()
export class RecordingMessageStore extends MessageStore {
  readonly recorder = new CallRecorder();

  constructor(private readonly data: RecordedMessages) {
    super();
  }

  override save(message: MessageForRecipient, signal: AbortSignal): Promise<'saved' | 'exists'> {
    return this.recorder.run('save', [message], signal, () => {
      const { recipientId, ...row } = message;
      const known = this.data.messages.get(row.messageId);
      if (known !== undefined && !isSame(known, row)) throw new MessageIdTakenError(row.messageId);
      const content = known?.content || row.content;
      this.data.messages.set(row.messageId, { ...(known ?? row), content });
      const recipients = this.data.recipients.get(row.messageId) ?? new Map<string, RecipientRow>();
      this.data.recipients.set(row.messageId, recipients);
      if (recipients.has(recipientId)) return 'exists';
      recipients.set(recipientId, {
        ...{ messageId: row.messageId, recipientId, status: 'pending', statusAt: row.createdAt },
        ...{ sentAt: null, deliveredAt: null, readAt: null, failedAt: null, failureReason: null },
      });
      return 'saved';
    });
  }

  override advanceStatus(change: StatusChange, signal: AbortSignal): Promise<StatusOutcome> {
    return this.recorder.run('advanceStatus', [change], signal, () => {
      const { messageId, recipientId, status, at } = change;
      const recipients = this.data.recipients.get(messageId);
      const row = recipients?.get(recipientId);
      if (recipients === undefined || row === undefined) return 'unknown';
      const advances = advancesStatus({ status: row.status, at: row.statusAt }, change);
      const time = status === 'pending' ? null : TIME_OF[status];
      recipients.set(recipientId, {
        ...row,
        ...(time !== null && { [time]: row[time] ?? at }),
        ...(advances && { status, statusAt: at }),
        ...(advances && status === 'failed' && { failureReason: change.reason?.slice(0, 500) ?? null }),
      });
      return advances ? 'advanced' : 'unchanged';
    });
  }

  override find(messageId: string, signal?: AbortSignal): Promise<StoredMessage | null> {
    return this.recorder.run('find', [messageId], signal, () => {
      const row = this.data.messages.get(messageId);
      return row === undefined || this.data.claimed.has(messageId) ? null : this.stored(row);
    });
  }

  override findStatus(
    messageId: string,
    recipientId: string,
    signal?: AbortSignal,
  ): Promise<RecipientStatus | null> {
    return this.recorder.run('findStatus', [messageId, recipientId], signal, () => {
      const row = this.data.recipients.get(messageId)?.get(recipientId);
      return row === undefined || this.data.claimed.has(messageId) ? null : statusOf(row);
    });
  }

  override listConversation(
    conversationId: string,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<StoredMessage>> {
    return this.recorder.run('listConversation', [conversationId, page], signal, () => {
      const rows = [...this.data.messages.values()].filter(
        (row) => row.conversationId === conversationId && this.data.isVisible(row),
      );
      const { items, nextCursor } = pageOf(rows, keyOf, 'newest-first', page);
      return { items: items.map((row) => this.stored(row)), nextCursor };
    });
  }

  override listPending(
    recipientId: string,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<MessageForRecipient>> {
    return this.recorder.run('listPending', [recipientId, page], signal, () => {
      const rows = [...this.data.messages.values()].filter(
        (row) =>
          this.data.recipients.get(row.messageId)?.get(recipientId)?.status === 'pending' &&
          this.data.isVisible(row),
      );
      const { items, nextCursor } = pageOf(rows, keyOf, 'oldest-first', page);
      return { items: items.map((row) => ({ ...row, recipientId })), nextCursor };
    });
  }

  override countBatch(batchId: string, signal?: AbortSignal): Promise<BatchStatusCounts> {
    return this.recorder.run('countBatch', [batchId], signal, () => {
      const counts = { pending: 0, sent: 0, delivered: 0, read: 0, failed: 0 };
      for (const row of this.data.messages.values()) {
        if (row.batchId !== batchId) continue;
        for (const { status } of this.data.recipients.get(row.messageId)?.values() ?? []) counts[status] += 1;
      }
      return counts;
    });
  }

  private stored(row: MessageRow): StoredMessage {
    const recipients = [...(this.data.recipients.get(row.messageId)?.values() ?? [])];
    return { ...row, recipients: recipients.map(statusOf) };
  }
}

function keyOf(row: MessageRow): [number, string] {
  return [row.createdAt.getTime(), row.messageId];
}

function statusOf(row: RecipientRow): RecipientStatus {
  const { messageId, recipientId, status, sentAt, deliveredAt, readAt, failedAt, failureReason } = row;
  return { messageId, recipientId, status, sentAt, deliveredAt, readAt, failedAt, failureReason };
}

function isSame(one: MessageRow, other: MessageRow): boolean {
  return one.senderId === other.senderId && one.conversationId === other.conversationId;
}
