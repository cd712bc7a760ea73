import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { BatchProgressStore } from '../../ports/messages/batch-progress-store.js';
import { checkedId } from '../call-arguments.js';
import { MessageStore } from '../../ports/messages/message-store.js';

/** The progress of a batch. */
export interface BatchStatus {
  readonly batchId: string;
  /** Recipients of the jobs that have begun; repeats included, unless the batch was split into several jobs. */
  readonly recipients: number;
  /** Jobs of the batch that have begun. */
  readonly segments: number;
  readonly chunksDone: number;
  readonly totalChunks: number;
  /** Messages handed to the delivery queue. */
  readonly queued: number;
  /** Recipients left out because they were named before. Splitting a batch into several jobs drops repeats uncounted. */
  readonly skipped: number;
  /** Messages stored for a recipient who is offline, or being sent. */
  readonly pending: number;
  /** Sent, no confirmation yet. */
  readonly sent: number;
  readonly delivered: number;
  readonly read: number;
  /** Refused by the delivery queue, or given up by it. */
  readonly failed: number;
}

/** Puts a batch's status together from the stores. */
@Injectable()
export class BatchStatusReader {
  // The stores are looked up when asked: a host's may itself need the facade.
  constructor(private readonly moduleRef: ModuleRef) {}

  /** Null: nothing of the batch has begun yet, or it is unknown. */
  async read(batchId: string): Promise<BatchStatus | null> {
    checkedId(batchId, 'batchId');
    const [progress, counts] = await Promise.all([
      this.moduleRef.get(BatchProgressStore, { strict: false }).summarize(batchId),
      this.moduleRef.get(MessageStore, { strict: false }).countBatch(batchId),
    ]);
    if (progress === null) return null;
    const { recipients, segments, chunksDone, totalChunks, sent: queued, skipped } = progress;
    const { pending, sent, delivered, read } = counts;
    return {
      ...{ batchId, recipients, segments, chunksDone, totalChunks, queued, skipped },
      ...{ pending, sent, delivered, read, failed: progress.failed + counts.failed },
    };
  }
}
