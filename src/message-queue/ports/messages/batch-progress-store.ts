import { TraceHolder } from '../privacy/trace-holder.js';

/** The progress of one segment of a batch. A batch of up to one job's recipients has one segment, 0. */
export interface BatchProgress {
  readonly batchId: string;
  readonly segment: number;
  /** Chunks handed on so far: the next run starts with this one (from 0). */
  readonly chunksDone: number;
  readonly totalChunks: number;
  /** Recipients of the segment, duplicates included. */
  readonly recipients: number;
  /** Messages put into the delivery queue. */
  readonly sent: number;
  /** Refused by the delivery queue for good. */
  readonly failed: number;
  /** Recipients named more than once. */
  readonly skipped: number;
}

/** All segments of a batch together. */
export type BatchSummary = Omit<BatchProgress, 'segment'> & { readonly segments: number };

/**
 * Remembers the chunk a batch has reached. Unique key: `batchId` + `segment`. Its traces are the batches that no stored message belongs to
 * beside those that a target is about, where it can see the messages.
 */
export abstract class BatchProgressStore extends TraceHolder {
  /** Null: nothing of the segment was handed on yet. */
  abstract find(batchId: string, segment: number, signal: AbortSignal): Promise<BatchProgress | null>;

  /** Stores progress; one with fewer `chunksDone` than stored changes nothing. */
  abstract save(progress: BatchProgress, signal: AbortSignal): Promise<void>;

  /** Sums over the segments, or null when the batch is unknown. */
  abstract summarize(batchId: string, signal?: AbortSignal): Promise<BatchSummary | null>;
}
