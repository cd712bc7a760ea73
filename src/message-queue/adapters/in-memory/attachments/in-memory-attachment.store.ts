import { Inject, Injectable, Optional } from '@nestjs/common';
import { AttachmentStore } from '../../../ports/attachments/attachment-store.js';
import type { StoredAttachment } from '../../../ports/attachments/attachment-store.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { InMemoryMessages } from '../messages/in-memory-messages.js';

interface Row {
  readonly attachment: StoredAttachment;
  /** Of a message about to be removed, so that a later legal hold still protects its files. */
  readonly conversationId?: string;
}

/** Rows of attachments in memory. Forgets none, since their files would stay forever: a full one refuses to save. */
@Injectable()
export class InMemoryAttachmentStore extends AttachmentStore {
  private readonly rows: BoundedMap<Row>;

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
      this.rows.setOrRefuse(attachment.id, { attachment }, 'AttachmentStore');
      return 'saved';
    });
  }

  override find(id: string, signal?: AbortSignal): Promise<StoredAttachment | null> {
    return answer(signal, () => this.rows.get(id)?.attachment ?? null);
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

  override expireOfMessages(messageIds: readonly string[], at: Date, signal: AbortSignal): Promise<void> {
    return answer(signal, () => {
      const ids = new Set(messageIds);
      for (const { attachment, ...row } of this.rows.values()) {
        if (!ids.has(attachment.messageId)) continue;
        const conversationId = this.conversationOf({ attachment, ...row });
        const isEarlier = attachment.expiresAt !== null && attachment.expiresAt < at;
        const expiring = isEarlier ? attachment : { ...attachment, expiresAt: at };
        this.rows.setOrRefuse(attachment.id, { attachment: expiring, conversationId }, 'AttachmentStore');
      }
    });
  }

  override removeMany(ids: readonly string[], signal: AbortSignal): Promise<number> {
    return answer(signal, () => ids.filter((id) => this.rows.delete(id)).length);
  }

  private conversationOf({ attachment, conversationId }: Row): string | undefined {
    return this.data.message(attachment.messageId)?.conversationId ?? conversationId;
  }

  private expired(before: Date): StoredAttachment[] {
    return this.rows
      .values()
      .filter(
        (row) =>
          row.attachment.expiresAt !== null &&
          row.attachment.expiresAt <= before &&
          !row.attachment.legalHold &&
          !this.data.isHeld(this.conversationOf(row)),
      )
      .map(({ attachment }) => attachment);
  }
}
