import { Injectable } from '@nestjs/common';
import { isDeletedWith } from '../../../ports/messages/conversation-store.js';
import { CleanupStore } from '../../../ports/messages/cleanup-store.js';
import type { CleanupSelection } from '../../../ports/messages/cleanup-store.js';
import type { Deletion } from '../../../ports/privacy/trace-holder.js';
import { answer } from '../answer.js';
import { compareKeys } from '../page-of.js';
import { eraseNext } from '../traces.js';
import { InMemoryMessages } from './in-memory-messages.js';
import type { MessageRow } from './in-memory-messages.js';

/** Removes messages from the tables in memory. */
@Injectable()
export class InMemoryCleanupStore extends CleanupStore {
  constructor(private readonly data: InMemoryMessages) {
    super();
  }

  override count(selection: CleanupSelection, signal: AbortSignal): Promise<number> {
    return answer(signal, () => {
      return this.data.messages().filter((row) => this.isNext(row, selection)).length;
    });
  }

  override claim(
    selection: CleanupSelection,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    return answer(signal, () => {
      const next = this.data
        .messages()
        .filter((row) => this.isNext(row, selection))
        .sort(
          (a, b) => Number(this.isClaimed(b)) - Number(this.isClaimed(a)) || compareKeys(keyOf(a), keyOf(b)),
        )
        .slice(0, limit)
        .map((row) => row.messageId);
      for (const id of next) this.data.claim(id);
      return next;
    });
  }

  override removeClaimed(messageIds: readonly string[], signal: AbortSignal): Promise<number> {
    return answer(signal, () => {
      const claimed = [...new Set(messageIds)].filter((id) => this.data.isClaimed(id));
      for (const id of claimed) this.data.remove(id);
      return claimed.length;
    });
  }

  override listDeletions(
    before: Date,
    limit: number,
    after: Deletion | null,
    signal: AbortSignal,
  ): Promise<readonly Deletion[]> {
    return answer(signal, () =>
      this.data
        .conversations()
        .flatMap(({ conversationId, deletedAt, legalHold }) =>
          deletedAt === null || deletedAt >= before || legalHold ? [] : [{ conversationId, deletedAt }],
        )
        .sort((one, other) => compareKeys(ageOf(one), ageOf(other)))
        .filter((one) => after === null || compareKeys(ageOf(one), ageOf(after)) > 0)
        .slice(0, limit),
    );
  }

  override removeEmptyConversations(before: Date, limit: number, signal: AbortSignal): Promise<number> {
    return answer(signal, () => {
      const hiding = new Set(
        this.data
          .messages()
          .filter((row) => isDeletedWith(this.data.conversation(row.conversationId), row.receivedAt))
          .map((row) => row.conversationId),
      );
      const empty = this.data
        .conversations()
        .filter(
          ({ conversationId, deletedAt, legalHold }) =>
            deletedAt !== null && deletedAt < before && !legalHold && !hiding.has(conversationId),
        );
      for (const { conversationId } of empty.slice(0, limit)) this.data.removeConversation(conversationId);
      return Math.min(empty.length, limit);
    });
  }

  override removeOldRecalls(before: Date, limit: number, signal: AbortSignal): Promise<number> {
    return answer(signal, () => {
      const { notices } = this.data;
      const old = notices.keys().filter((name) => (notices.get(name)?.recalledAt ?? before) < before);
      return eraseNext(old, limit, (name) => notices.delete(name));
    });
  }

  /** A clean-up by age also ends what others began; an erasure has its own only. */
  private isNext(row: MessageRow, selection: CleanupSelection): boolean {
    return this.isSelected(row, selection) || ('before' in selection && this.isClaimed(row));
  }

  private isClaimed({ messageId }: MessageRow): boolean {
    return this.data.isClaimed(messageId);
  }

  private isSelected(row: MessageRow, selection: CleanupSelection): boolean {
    if (this.data.isHeld(row.conversationId)) return false;
    switch (selection.kind) {
      case 'old_messages':
        return row.receivedAt < selection.before;
      case 'deleted_conversations': {
        const conversation = this.data.conversation(row.conversationId);
        const isInTime = (conversation?.deletedAt ?? selection.before) < selection.before;
        return isInTime && isDeletedWith(conversation, row.receivedAt);
      }
      case 'conversation':
        return row.conversationId === selection.conversationId;
      case 'sender':
        return (
          row.senderId === selection.senderId && !selection.exceptConversations.includes(row.conversationId)
        );
      case 'message':
        return row.messageId === selection.messageId;
    }
  }
}

function ageOf({ deletedAt, conversationId }: Deletion): [number, string] {
  return [deletedAt.getTime(), conversationId];
}

function keyOf(row: MessageRow): [number, string] {
  return [row.receivedAt.getTime(), row.messageId];
}
