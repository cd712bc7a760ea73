import type { AttachmentFiles } from '../../ports/attachments/attachment-files.js';
import { removeAttachments } from '../../ports/attachments/attachment-removal.js';
import type { AttachmentStore } from '../../ports/attachments/attachment-store.js';
import type { CleanupStep } from './cleanup-step.js';

/** Removes expired attachments. */
export class AttachmentCleanupStep implements CleanupStep {
  constructor(
    private readonly before: Date,
    private readonly attachments: AttachmentStore,
    private readonly files: AttachmentFiles,
  ) {}

  count(signal: AbortSignal): Promise<number> {
    return this.attachments.countExpired(this.before, signal);
  }

  async run(limit: number, signal: AbortSignal): Promise<number> {
    const expired = await this.attachments.listExpired(this.before, limit, signal);
    return removeAttachments(expired, this.attachments, this.files, signal);
  }
}
