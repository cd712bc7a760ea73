import type { AttachmentStore } from '../../ports/attachments/attachment-store.js';
import type { CleanupSelection, CleanupStore } from '../../ports/messages/cleanup-store.js';
import type { EncryptedContentStore } from '../../ports/encryption/encrypted-content-store.js';
import type { SearchIndex } from '../../ports/search-index.js';
import type { CleanupStep } from './cleanup-step.js';

/** Where traces of a message are. */
export interface MessageTraces {
  readonly store: CleanupStore;
  readonly index: SearchIndex;
  readonly contents: EncryptedContentStore;
  readonly attachments: AttachmentStore;
}

/** Removes messages with all their traces: index, envelopes, attachments. */
export class MessageCleanupStep implements CleanupStep {
  constructor(
    private readonly selection: CleanupSelection,
    private readonly traces: MessageTraces,
    private readonly now: Date,
  ) {}

  count(signal: AbortSignal): Promise<number> {
    return this.traces.store.count(this.selection, signal);
  }

  async run(limit: number, signal: AbortSignal): Promise<number> {
    const { store, index, contents, attachments } = this.traces;
    const ids = await store.claim(this.selection, limit, signal);
    if (ids.length === 0) {
      if (this.selection.kind === 'deleted_conversations') await this.removeMarks(limit, signal);
      return 0;
    }
    await index.removeMany(ids, this.now, signal);
    await contents.removeMany(ids, signal);
    await attachments.expireOfMessages(ids, this.now, signal);
    const removed = await store.removeClaimed(ids, signal);
    // A store that keeps what it claimed would be asked forever.
    if (removed === 0) throw new Error(`The cleanup store removed none of ${ids.length} claimed messages.`);
    return removed;
  }

  private async removeMarks(limit: number, signal: AbortSignal): Promise<void> {
    const { store } = this.traces;
    while ((await store.removeEmptyConversations(this.selection.before, limit, signal)) > 0) {
      signal.throwIfAborted();
    }
  }
}
