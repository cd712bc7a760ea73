import { Inject, Injectable, Optional } from '@nestjs/common';
import { BatchProgressStore } from '../../../ports/messages/batch-progress-store.js';
import type { BatchProgress, BatchSummary } from '../../../ports/messages/batch-progress-store.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';

const COUNTS = ['chunksDone', 'totalChunks', 'recipients', 'sent', 'failed', 'skipped'] as const;

/**
 * The progress of batches, in memory. Forgets the batch that moved longest ago: if it runs again it begins at its first chunk, and its
 * messages, which keep their ids, are told apart by the delivery queue and the MessageStore.
 */
@Injectable()
export class InMemoryBatchProgressStore extends BatchProgressStore {
  private readonly batches: BoundedMap<Map<number, BatchProgress>>;

  constructor(@Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>) {
    super();
    this.batches = new BoundedMap(limits);
  }

  override find(batchId: string, segment: number, signal: AbortSignal): Promise<BatchProgress | null> {
    return answer(signal, () => this.batches.get(batchId)?.get(segment) ?? null);
  }

  override save(progress: BatchProgress, signal: AbortSignal): Promise<void> {
    return answer(signal, () => {
      const segments = this.batches.get(progress.batchId) ?? new Map<number, BatchProgress>();
      const stored = segments.get(progress.segment);
      if (stored !== undefined && stored.chunksDone > progress.chunksDone) return;
      segments.set(progress.segment, progress);
      // The batch that moved last is forgotten last.
      this.batches.set(progress.batchId, segments);
    });
  }

  override summarize(batchId: string, signal?: AbortSignal): Promise<BatchSummary | null> {
    return answer(signal, () => {
      const segments = this.batches.get(batchId);
      if (segments === undefined) return null;
      const sums = { chunksDone: 0, totalChunks: 0, recipients: 0, sent: 0, failed: 0, skipped: 0 };
      for (const segment of segments.values()) for (const count of COUNTS) sums[count] += segment[count];
      return { batchId, segments: segments.size, ...sums };
    });
  }
}
