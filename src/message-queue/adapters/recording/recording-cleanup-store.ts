import { Injectable } from '@nestjs/common';
import { CleanupStore } from '../../ports/messages/cleanup-store.js';
import type { CleanupSelection } from '../../ports/messages/cleanup-store.js';
import { CallRecorder } from './call-recorder.js';
import { compareKeys } from './page-of.js';
import { RecordedMessages } from './recorded-messages.js';
import type { MessageRow } from './recorded-messages.js';

/** Removes messages from the tables in memory. */
@Injectable()
export class RecordingCleanupStore extends CleanupStore {
  readonly recorder = new CallRecorder();

  constructor(private readonly data: RecordedMessages) {
    super();
  }

  override count(selection: CleanupSelection, signal: AbortSignal): Promise<number> {
    return this.recorder.run('count', [selection], signal, () => this.select(selection).length);
  }

  override claim(
    selection: CleanupSelection,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    return this.recorder.run('claim', [selection, limit], signal, () => {
      const isClaimed = (row: MessageRow): boolean => this.data.claimed.has(row.messageId);
      const next = this.select(selection)
        .sort((a, b) => Number(isClaimed(b)) - Number(isClaimed(a)) || compareKeys(keyOf(a), keyOf(b)))
        .slice(0, limit)
        .map((row) => row.messageId);
      for (const id of next) this.data.claimed.add(id);
      return next;
    });
  }

  override removeClaimed(messageIds: readonly string[], signal: AbortSignal): Promise<number> {
    return this.recorder.run('removeClaimed', [messageIds], signal, () => {
      let removed = 0;
      for (const id of messageIds) {
        if (!this.data.claimed.delete(id)) continue;
        this.data.messages.delete(id);
        this.data.recipients.delete(id);
        removed += 1;
      }
      return removed;
    });
  }

  override removeEmptyConversations(before: Date, limit: number, signal: AbortSignal): Promise<number> {
    return this.recorder.run('removeEmptyConversations', [before, limit], signal, () => {
      const used = new Set([...this.data.messages.values()].map((row) => row.conversationId));
      const empty = [...this.data.conversations.values()].filter(
        ({ conversationId, deletedAt, legalHold }) =>
          deletedAt !== null && deletedAt < before && !legalHold && !used.has(conversationId),
      );
      for (const { conversationId } of empty.slice(0, limit)) this.data.conversations.delete(conversationId);
      return Math.min(empty.length, limit);
    });
  }

  private select({ kind, before }: CleanupSelection): MessageRow[] {
    return [...this.data.messages.values()].filter((row) => {
      if (this.data.claimed.has(row.messageId)) return true;
      if (this.data.isHeld(row.conversationId)) return false;
      if (kind === 'old_messages') return row.createdAt < before;
      const deletedAt = this.data.conversations.get(row.conversationId)?.deletedAt ?? null;
      return deletedAt !== null && deletedAt < before;
    });
  }
}

function keyOf(row: MessageRow): [number, string] {
  return [row.createdAt.getTime(), row.messageId];
}
