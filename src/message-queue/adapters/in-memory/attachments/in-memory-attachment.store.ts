import { Inject, Injectable, Optional } from '@nestjs/common';
import {
  AttachmentIdTakenError,
  AttachmentStore,
  FileBeingRemovedError,
} from '../../../ports/attachments/attachment-store.js';
import type { RemovalClaim, StoredAttachment } from '../../../ports/attachments/attachment-store.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { isDeletedWith } from '../../../ports/messages/conversation-store.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { InMemoryMessages } from '../messages/in-memory-messages.js';
import type { MessageRow } from '../messages/in-memory-messages.js';

/** Rows of attachments in memory. Forgets none, since their files would stay forever: a full one refuses to save. */
@Injectable()
export class InMemoryAttachmentStore extends AttachmentStore {
  private readonly rows: BoundedMap<StoredAttachment>;
  /** Files that are being removed. */
  private readonly claimed = new Set<string>();

  constructor(
    private readonly data: InMemoryMessages,
    @Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>,
  ) {
    super();
    this.rows = new BoundedMap(limits);
  }

  override save(attachment: StoredAttachment, signal?: AbortSignal): Promise<'saved' | 'exists'> {
    return answer(signal, () => {
      const { id, messageId, fileKey } = attachment;
      if (this.claimed.has(fileKey)) throw new FileBeingRemovedError();
      const stored = this.rows.get(id);
      if (stored !== undefined) {
        if (stored.messageId !== messageId || stored.fileKey !== fileKey) throw new AttachmentIdTakenError();
        return 'exists';
      }
      this.rows.setOrRefuse(attachment.id, attachment, 'AttachmentStore');
      return 'saved';
    });
  }

  override find(id: string, signal?: AbortSignal): Promise<StoredAttachment | null> {
    return answer(signal, () => {
      const row = this.rows.get(id);
      const message = row && this.messageOf(row);
      const isDeleted =
        message !== undefined &&
        isDeletedWith(this.data.conversation(message.conversationId), message.createdAt);
      return row === undefined || isDeleted ? null : row;
    });
  }

  override countExpired(before: Date, signal: AbortSignal): Promise<number> {
    return answer(signal, () => this.expired(before).length);
  }

  override listExpired(
    before: Date,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly StoredAttachment[]> {
    return answer(signal, () => this.expired(before).slice(0, limit));
  }

  override countOf(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return answer(signal, () => this.belongingTo(target).length);
  }

  override listOf(
    target: TraceTarget,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly StoredAttachment[]> {
    return answer(signal, () => this.belongingTo(target).slice(0, limit));
  }

  override claimRemoval(ids: readonly string[], signal: AbortSignal): Promise<RemovalClaim> {
    return answer(signal, () => {
      const asked = new Set(ids);
      const going = this.removable().filter(({ id }) => asked.has(id));
      const goingIds = new Set(going.map(({ id }) => id));
      const others = this.rows.values().filter(({ id }) => !goingIds.has(id));
      const needed = new Set(others.map(({ fileKey }) => fileKey));
      const claimed = going.filter(({ fileKey }) => !needed.has(fileKey));
      for (const { fileKey } of claimed) this.claimed.add(fileKey);
      const shared = going.filter(({ fileKey }) => needed.has(fileKey));
      for (const { id } of shared) this.rows.delete(id);
      return { removed: shared.length, claimed };
    });
  }

  override removeMany(ids: readonly string[], signal: AbortSignal): Promise<number> {
    return answer(signal, () => {
      const files = ids.map((id) => this.rows.get(id)?.fileKey);
      const removed = ids.filter((id) => this.rows.delete(id)).length;
      const left = new Set(this.rows.values().map(({ fileKey }) => fileKey));
      for (const fileKey of files)
        if (fileKey !== undefined && !left.has(fileKey)) this.claimed.delete(fileKey);
      return removed;
    });
  }

  private expired(before: Date): StoredAttachment[] {
    return this.removable().filter(({ expiresAt }) => expiresAt !== null && expiresAt <= before);
  }

  private belongingTo(target: TraceTarget): StoredAttachment[] {
    switch (target.kind) {
      case 'messages': {
        const ids = new Set(target.messageIds);
        return this.removable().filter(({ messageId }) => ids.has(messageId));
      }
      case 'deletions': {
        const ids = this.data.idsOf(target);
        return this.removable().filter(({ messageId }) => ids.has(messageId));
      }
      case 'conversation':
        return this.removable().filter(
          (row) => this.messageOf(row)?.conversationId === target.conversationId,
        );
      case 'subject': {
        const left = new Set(target.exceptConversations);
        return this.removable().filter((row) => {
          const message = this.messageOf(row);
          return message?.senderId === target.subjectId && !left.has(message.conversationId);
        });
      }
    }
  }

  /** Those that no legal hold keeps. */
  private removable(): StoredAttachment[] {
    return this.rows
      .values()
      .filter((row) => !row.legalHold && !this.data.isHeld(this.messageOf(row)?.conversationId));
  }

  private messageOf({ messageId }: StoredAttachment): MessageRow | undefined {
    return this.data.message(messageId);
  }
}
