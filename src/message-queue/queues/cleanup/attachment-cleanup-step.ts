import type { AttachmentFiles } from '../../ports/attachments/attachment-files.js';
import type { AttachmentStore } from '../../ports/attachments/attachment-store.js';
import type { CleanupStep } from './cleanup-step.js';

/** Removes expired attachments: the files first, so that a crash leaves a row that leads to the rest. */
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
    const gone: string[] = [];
    const failures: unknown[] = [];
    for (const { id, fileKey } of expired) {
      signal.throwIfAborted();
      try {
        await this.files.remove(fileKey, signal);
        gone.push(id);
      } catch (error) {
        failures.push(error);
      }
    }
    if (gone.length > 0) return this.attachments.removeMany(gone, signal);
    signal.throwIfAborted();
    if (failures.length > 0) {
      // Every row of the step is one whose file stays: continuing would go round in circles.
      throw new Error(`${failures.length} attachment files could not be removed.`, { cause: failures[0] });
    }
    return 0;
  }
}
