import { Injectable } from '@nestjs/common';
import { AttachmentStore } from '../../ports/attachments/attachment-store.js';
import type { StoredAttachment } from '../../ports/attachments/attachment-store.js';
import { CallRecorder } from './call-recorder.js';
import { RecordedMessages } from './recorded-messages.js';

/** Rows of attachments in memory. */
@Injectable()
export class RecordingAttachmentStore extends AttachmentStore {
  readonly recorder = new CallRecorder();
  private readonly rows = new Map<string, StoredAttachment>();
  /** Of messages about to be removed, so that a later legal hold still protects their files. */
  private readonly conversationOf = new Map<string, string>();

  constructor(private readonly data: RecordedMessages) {
    super();
  }

  override save(attachment: StoredAttachment, signal?: AbortSignal): Promise<'saved' | 'exists'> {
    return this.recorder.run('save', [attachment], signal, () => {
      if (this.rows.has(attachment.id)) return 'exists';
      this.rows.set(attachment.id, attachment);
      return 'saved';
    });
  }

  override find(id: string, signal?: AbortSignal): Promise<StoredAttachment | null> {
    return this.recorder.run('find', [id], signal, () => this.rows.get(id) ?? null);
  }

  override countExpired(before: Date, signal: AbortSignal): Promise<number> {
    return this.recorder.run('countExpired', [before], signal, () => this.expired(before).length);
  }

  override listExpired(
    before: Date,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly StoredAttachment[]> {
    return this.recorder.run('listExpired', [before, limit], signal, () =>
      this.expired(before).slice(0, limit),
    );
  }

  override expireOfMessages(messageIds: readonly string[], at: Date, signal: AbortSignal): Promise<void> {
    return this.recorder.run('expireOfMessages', [messageIds, at], signal, () => {
      const ids = new Set(messageIds);
      for (const row of this.rows.values()) {
        if (!ids.has(row.messageId) || (row.expiresAt !== null && row.expiresAt < at)) continue;
        this.rows.set(row.id, { ...row, expiresAt: at });
      }
      for (const id of messageIds) {
        const conversationId = this.data.messages.get(id)?.conversationId;
        if (conversationId !== undefined) this.conversationOf.set(id, conversationId);
      }
    });
  }

  override removeMany(ids: readonly string[], signal: AbortSignal): Promise<number> {
    return this.recorder.run(
      'removeMany',
      [ids],
      signal,
      () => ids.filter((id) => this.rows.delete(id)).length,
    );
  }

  private expired(before: Date): StoredAttachment[] {
    return [...this.rows.values()].filter(
      ({ expiresAt, legalHold, messageId }) =>
        expiresAt !== null &&
        expiresAt <= before &&
        !legalHold &&
        !this.data.isHeld(
          this.data.messages.get(messageId)?.conversationId ?? this.conversationOf.get(messageId),
        ),
    );
  }
}
