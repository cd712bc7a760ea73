import { Injectable } from '@nestjs/common';
import { AttachmentFiles } from '../../ports/attachments/attachment-files.js';
import { removeAttachments } from '../../ports/attachments/attachment-removal.js';
import { AttachmentStore } from '../../ports/attachments/attachment-store.js';
import { TraceHolder } from '../../ports/privacy/trace-holder.js';
import type { TraceTarget } from '../../ports/privacy/trace-holder.js';

/** Attachments with their files. */
@Injectable()
export class AttachmentTraces extends TraceHolder {
  override readonly holds = 'attachments';

  constructor(
    private readonly attachments: AttachmentStore,
    private readonly files: AttachmentFiles,
  ) {
    super();
  }

  override countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return this.attachments.countOf(target, signal);
  }

  /** @throws when files resist, once nothing else of the target can be removed */
  override async eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    const rows = await this.attachments.listOf(target, limit, signal);
    return removeAttachments(rows, this.attachments, this.files, signal);
  }
}
