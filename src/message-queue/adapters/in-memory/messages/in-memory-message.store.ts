import { Injectable } from '@nestjs/common';
import { advancesStatus } from '../../../ports/messages/delivery-status.js';
import { claimedTime, stepTime } from '../../../ports/messages/claimed-time.js';
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
import { answer } from '../answer.js';
import { pageOf } from '../page-of.js';
import { eraseNext } from '../traces.js';
import { InMemoryMessages } from './in-memory-messages.js';
import type { MessageRow, RecipientRow } from './in-memory-messages.js';
import { confirmRecalled, listRecalled, noteRecalled, noticesOf } from './in-memory-recall-notices.js';

const TIME_OF = { sent: 'sentAt', delivered: 'deliveredAt', read: 'readAt', failed: 'failedAt' } as const;

/** Messages in memory, gone with the process; how many, and what is forgotten first: see {@link InMemoryMessages}. */
@Injectable()
export class InMemoryMessageStore extends MessageStore {
  override readonly holds = 'message copies';

  constructor(private readonly data: InMemoryMessages) {
    super();
  }

  override save(message: MessageToSave, signal: AbortSignal): Promise<'saved' | 'exists'> {
    return answer(signal, () => {
      const { recipientId, receivedAt = message.createdAt, ...rest } = message;
      const row = { ...rest, receivedAt, createdAt: claimedTime(message.createdAt, receivedAt) };
      const known = this.data.message(row.messageId);
      if (known !== undefined && !isSame(known, row)) throw new MessageIdTakenError(row.messageId);
      const content = known?.content || row.content;
      this.data.putMessage({ ...(known ?? row), content });
      if (this.data.copy(row.messageId, recipientId) !== undefined) return 'exists';
      this.data.putCopy({
        ...{ messageId: row.messageId, recipientId, status: 'pending', statusAt: row.createdAt },
        ...{ sentAt: null, deliveredAt: null, readAt: null, failedAt: null, failureReason: null },
      });
      return 'saved';
    });
  }

  override advanceStatus(change: StatusChange, signal: AbortSignal): Promise<StatusOutcome> {
    return answer(signal, () => {
      const { messageId, recipientId, status, at } = change;
      const row = this.data.copy(messageId, recipientId);
      if (row === undefined) return 'unknown';
      const advances = advancesStatus({ status: row.status, at: row.statusAt }, change);
      const time = status === 'pending' ? null : TIME_OF[status];
      const createdAt = this.data.message(messageId)?.createdAt ?? at;
      this.data.putCopy({
        ...row,
        ...(time !== null && { [time]: row[time] ?? stepTime(change, row, createdAt) }),
        ...(advances && { status, statusAt: at }),
        ...(advances && status === 'failed' && { failureReason: change.reason?.slice(0, 500) ?? null }),
      });
      return advances ? 'advanced' : 'unchanged';
    });
  }

  override find(messageId: string, signal?: AbortSignal): Promise<StoredMessage | null> {
    return answer(signal, () => {
      const row = this.data.message(messageId);
      return row === undefined || !this.data.isVisible(row) ? null : this.stored(row);
    });
  }

  override findStatus(
    messageId: string,
    recipientId: string,
    signal?: AbortSignal,
  ): Promise<RecipientStatus | null> {
    return answer(signal, () => {
      const message = this.data.message(messageId);
      const row = this.data.copy(messageId, recipientId);
      return message === undefined || row === undefined || !this.data.isVisible(message)
        ? null
        : statusOf(row);
    });
  }

  override listConversation(
    conversationId: string,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<StoredMessage>> {
    return answer(signal, () => {
      const rows = this.data
        .messages()
        .filter((row) => row.conversationId === conversationId && this.data.isVisible(row));
      const { items, nextCursor } = pageOf(rows, keyOf, 'newest-first', page);
      return { items: items.map((row) => this.stored(row)), nextCursor };
    });
  }

  override listPending(
    recipientId: string,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<MessageForRecipient>> {
    return answer(signal, () => {
      const rows = this.data
        .messages()
        .filter(
          (row) =>
            this.data.copy(row.messageId, recipientId)?.status === 'pending' && this.data.isVisible(row),
        );
      const { items, nextCursor } = pageOf(rows, keyOf, 'oldest-first', page);
      return { items: items.map((row) => ({ ...messageOf(row), recipientId })), nextCursor };
    });
  }

  override listConversationsOf(
    personId: string,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<ConversationShare>> {
    return answer(signal, () => {
      const shares = new Map<string, ConversationShare>();
      for (const { conversationId, senderId, messageId } of this.data.messages()) {
        const people = [senderId, ...this.data.copiesOf(messageId).map(({ recipientId }) => recipientId)];
        const records = people.filter((id) => id === personId).length;
        const known = shares.get(conversationId);
        shares.set(conversationId, {
          conversationId,
          records: (known?.records ?? 0) + records,
          isShared: known?.isShared === true || records < people.length,
        });
      }
      const theirs = [...shares.values()].filter(({ records }) => records > 0);
      return pageOf(theirs, ({ conversationId }) => [0, conversationId], 'oldest-first', page);
    });
  }

  override countBatch(batchId: string, signal?: AbortSignal): Promise<BatchStatusCounts> {
    return answer(signal, () => {
      const counts = { pending: 0, sent: 0, delivered: 0, read: 0, failed: 0 };
      for (const row of this.data.messages()) {
        if (row.batchId !== batchId) continue;
        for (const { status } of this.data.copiesOf(row.messageId)) counts[status] += 1;
      }
      return counts;
    });
  }

  override hide(messageId: string, signal: AbortSignal): Promise<StoredMessage | null> {
    return answer(signal, () => {
      const row = this.data.message(messageId);
      if (row === undefined) return null;
      this.data.hide(messageId);
      return this.stored(row);
    });
  }

  override hiddenAmong(messageIds: readonly string[], signal?: AbortSignal): Promise<readonly string[]> {
    return answer(signal, () =>
      messageIds.filter((id) => {
        const row = this.data.message(id);
        return row !== undefined && !this.data.isVisible(row);
      }),
    );
  }

  override noteRecalled(notices: readonly RecallNotice[], signal: AbortSignal): Promise<void> {
    return answer(signal, () => noteRecalled(this.data, notices));
  }

  override listRecalled(
    recipientId: string,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<RecallNotice>> {
    return answer(signal, () => listRecalled(this.data, recipientId, page));
  }

  override confirmRecalled(messageId: string, recipientId: string, signal: AbortSignal): Promise<void> {
    return answer(signal, () => confirmRecalled(this.data, { messageId, recipientId }));
  }

  override countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return answer(signal, () => this.copiesOf(target).length + noticesOf(this.data, target).length);
  }

  override eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return answer(signal, () => {
      const copies = eraseNext(this.copiesOf(target), limit, (row) => this.data.removeCopy(row));
      const erase = (notice: RecallNotice) => confirmRecalled(this.data, notice);
      return copies + eraseNext(noticesOf(this.data, target), limit - copies, erase);
    });
  }

  private copiesOf(target: TraceTarget): RecipientRow[] {
    if (target.kind !== 'subject') return [];
    const left = new Set(target.exceptConversations);
    return this.data
      .messages()
      .filter(({ conversationId }) => !left.has(conversationId) && !this.data.isHeld(conversationId))
      .flatMap(({ messageId }) => this.data.copy(messageId, target.subjectId) ?? []);
  }

  private stored(row: MessageRow): StoredMessage {
    return { ...messageOf(row), recipients: this.data.copiesOf(row.messageId).map(statusOf) };
  }
}

function keyOf(row: MessageRow): [number, string] {
  return [row.createdAt.getTime(), row.messageId];
}

function statusOf(row: RecipientRow): RecipientStatus {
  const { messageId, recipientId, status, sentAt, deliveredAt, readAt, failedAt, failureReason } = row;
  return { messageId, recipientId, status, sentAt, deliveredAt, readAt, failedAt, failureReason };
}

function messageOf({
  receivedAt: _receivedAt,
  ...message
}: MessageRow): Omit<MessageForRecipient, 'recipientId'> {
  return message;
}

function isSame(stored: MessageRow, row: MessageRow): boolean {
  return (
    stored.senderId === row.senderId &&
    stored.conversationId === row.conversationId &&
    stored.encrypted === row.encrypted &&
    // What failed before it could be sealed has none.
    (stored.content === row.content || stored.content === '' || row.content === '') &&
    JSON.stringify(stored.attachments) === JSON.stringify(row.attachments)
  );
}
