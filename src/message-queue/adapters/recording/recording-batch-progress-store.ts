import { Injectable } from '@nestjs/common';
import { BatchProgressStore } from '../../ports/messages/batch-progress-store.js';
import type { BatchProgress, BatchSummary } from '../../ports/messages/batch-progress-store.js';
import { CallRecorder } from './call-recorder.js';

const COUNTS = ['chunksDone', 'totalChunks', 'recipients', 'sent', 'failed', 'skipped'] as const;

/** How far batches are, in memory. */
@Injectable()
export class RecordingBatchProgressStore extends BatchProgressStore {
  readonly recorder = new CallRecorder();
  private readonly batches = new Map<string, Map<number, BatchProgress>>();

  override find(batchId: string, segment: number, signal: AbortSignal): Promise<BatchProgress | null> {
    return this.recorder.run(
      'find',
      [batchId, segment],
      signal,
      () => this.batches.get(batchId)?.get(segment) ?? null,
    );
  }

  override save(progress: BatchProgress, signal: AbortSignal): Promise<void> {
    return this.recorder.run('save', [progress], signal, () => {
      const segments = this.batches.get(progress.batchId) ?? new Map<number, BatchProgress>();
      this.batches.set(progress.batchId, segments);
      const stored = segments.get(progress.segment);
      if (stored !== undefined && stored.chunksDone > progress.chunksDone) return;
      segments.set(progress.segment, progress);
    });
  }

  override summarize(batchId: string, signal?: AbortSignal): Promise<BatchSummary | null> {
    return this.recorder.run('summarize', [batchId], signal, () => {
      const segments = this.batches.get(batchId);
      if (segments === undefined) return null;
      const sums = { chunksDone: 0, totalChunks: 0, recipients: 0, sent: 0, failed: 0, skipped: 0 };
      for (const segment of segments.values()) for (const count of COUNTS) sums[count] += segment[count];
      return { batchId, segments: segments.size, ...sums };
    });
  }
}
