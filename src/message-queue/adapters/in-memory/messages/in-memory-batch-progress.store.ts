import { Inject, Injectable, Optional } from '@nestjs/common';
import { BatchProgressStore } from '../../../ports/messages/batch-progress-store.js';
import type { BatchProgress, BatchSummary } from '../../../ports/messages/batch-progress-store.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { eraseNext } from '../traces.js';
import { InMemoryMessages } from './in-memory-messages.js';

const COUNTS = ['chunksDone', 'totalChunks', 'recipients', 'sent', 'failed', 'skipped'] as const;

/**
 * The progress of batches, in memory. Forgets the batch that moved longest ago: if it runs again it begins at its first chunk, and its
 * messages, which keep their ids, are told apart by the delivery queue and the MessageStore.
 */
@Injectable()
export class InMemoryBatchProgressStore extends BatchProgressStore {
  override readonly holds = 'batch progress';
  private readonly batches: BoundedMap<Map<number, BatchProgress>>;

  constructor(
    @Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>,
    @Optional() private readonly data: InMemoryMessages = new InMemoryMessages(),
  ) {
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
      if (stored !== undefined && !mayReplace(stored, progress)) return;
      segments.set(progress.segment, progress);
      // The batch that moved last is forgotten last.
      this.batches.set(progress.batchId, segments);
    });
  }

  override begin(progress: BatchProgress, signal: AbortSignal): Promise<BatchProgress> {
    return answer(signal, () => {
      const { batchId, segment } = progress;
      const segments = this.batches.get(batchId) ?? new Map<number, BatchProgress>();
      const stored = segments.get(segment);
      if (stored !== undefined) return stored;
      segments.set(segment, progress);
      this.batches.set(batchId, segments);
      return progress;
    });
  }

  override abandon(batchId: string, segment: number, jobId: string, signal: AbortSignal): Promise<boolean> {
    return answer(signal, () => {
      const stored = this.batches.get(batchId)?.get(segment);
      if (stored?.origin?.jobId !== jobId || stored.chunksDone > 0) return false;
      this.remove(stored);
      return true;
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

  override countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return answer(signal, () => this.tracesOf(target).length);
  }

  override eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return answer(signal, () => eraseNext(this.tracesOf(target), limit, (progress) => this.remove(progress)));
  }

  override countOld(before: Date, signal: AbortSignal): Promise<number> {
    return answer(signal, () => this.oldOnes(before).length);
  }

  override removeOld(before: Date, limit: number, signal: AbortSignal): Promise<number> {
    return answer(signal, () => eraseNext(this.oldOnes(before), limit, (progress) => this.remove(progress)));
  }

  private oldOnes(before: Date): BatchProgress[] {
    return this.batches
      .values()
      .flatMap((segments) => [...segments.values()])
      .filter(({ savedAt }) => savedAt < before)
      .sort((one, other) => one.savedAt.getTime() - other.savedAt.getTime());
  }

  private tracesOf(target: TraceTarget): BatchProgress[] {
    const ids = this.data.idsOf(target);
    const going = new Set<string>();
    const staying = new Set<string>();
    for (const { messageId, batchId } of this.data.messages()) {
      if (batchId === null) continue;
      if (ids.has(messageId)) going.add(batchId);
      else if (!this.data.isClaimed(messageId)) staying.add(batchId);
    }
    return [...going]
      .filter((batchId) => !staying.has(batchId))
      .flatMap((batchId) => [...(this.batches.get(batchId)?.values() ?? [])]);
  }

  private remove({ batchId, segment }: BatchProgress): void {
    const segments = this.batches.get(batchId);
    segments?.delete(segment);
    if (segments?.size === 0) this.batches.delete(batchId);
  }
}

function mayReplace(stored: BatchProgress, next: BatchProgress): boolean {
  if (stored.origin?.fingerprint === next.origin?.fingerprint) return stored.chunksDone <= next.chunksDone;
  return stored.origin?.jobId === next.origin?.jobId;
}
