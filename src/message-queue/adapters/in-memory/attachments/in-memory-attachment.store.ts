import { Inject, Injectable, Optional } from '@nestjs/common';
import { AttachmentStore } from '../../../ports/attachments/attachment-store.js';
import type { StoredAttachment } from '../../../ports/attachments/attachment-store.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { InMemoryMessages } from '../messages/in-memory-messages.js';
import type { MessageRow } from '../messages/in-memory-messages.js';

/** Rows of attachments in memory. Forgets none, since their files would stay forever: a full one refuses to save. */
@Injectable()
export class InMemoryAttachmentStore extends AttachmentStore {
  private readonly rows: BoundedMap<StoredAttachment>;

  constructor(
    private readonly data: InMemoryMessages,
    @Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>,
  ) {
    super();
    this.rows = new BoundedMap(limits);
  }

  override save(attachment: StoredAttachment, signal?: AbortSignal): Promise<'saved' | 'exists'> {
    return answer(signal, () => {
      if (this.rows.has(attachment.id)) return 'exists';
      this.rows.setOrRefuse(attachment.id, attachment, 'AttachmentStore');
      return 'saved';
    });
  }

  override find(id: string, signal?: AbortSignal): Promise<StoredAttachment | null> {
    return answer(signal, () => this.rows.get(id) ?? null);
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

  override filesStillNeeded(
    fileKeys: readonly string[],
    exceptIds: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    return answer(signal, () => {
      const [asked, except] = [new Set(fileKeys), new Set(exceptIds)];
      const others = this.rows.values().filter(({ id, fileKey }) => asked.has(fileKey) && !except.has(id));
      return new Set(others.map(({ fileKey }) => fileKey));
    });
  }

  override removeMany(ids: readonly string[], signal: AbortSignal): Promise<number> {
    return answer(signal, () => ids.filter((id) => this.rows.delete(id)).length);
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
