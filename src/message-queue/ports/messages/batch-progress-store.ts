import { UnrecoverableJobError } from '../../jobs/errors.js';
import { TraceHolder } from '../privacy/trace-holder.js';

/** Which job began a segment, and with what. */
export interface BatchOrigin {
  readonly jobId: string;
  /** When that job was added: an id may be used again for another job. */
  readonly jobAddedAt: Date;
  /** Of sender, recipients, content and conversation; sealed where the messages are. */
  readonly fingerprint: string;
}

/**
 * The segment of a batch was begun by another job, with other recipients or another content: those of this job would get nothing. Give this
 * batch an id of its own, or this part of it another `segment`.
 */
export class BatchIdTakenError extends UnrecoverableJobError {
  override readonly code = 'BATCH_ID_TAKEN';
}

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
  /** When it came so far. */
  readonly savedAt: Date;
  /** Undefined: a release that kept none began it. */
  readonly origin?: BatchOrigin;
}

/** All segments of a batch together. */
export type BatchSummary = Omit<BatchProgress, 'segment' | 'origin' | 'savedAt'> & {
  readonly segments: number;
};

/**
 * Remembers the chunk a batch has reached. Unique key: `batchId` + `segment`. Its traces are the batches that no stored message belongs to
 * beside those that a target is about, where it can see the messages.
 */
export abstract class BatchProgressStore extends TraceHolder {
  /** Null: nothing of the segment was handed on yet. */
  abstract find(batchId: string, segment: number, signal: AbortSignal): Promise<BatchProgress | null>;

  /** Stores the beginning of a segment, unless there is one, in one statement. @returns what is stored then */
  abstract begin(progress: BatchProgress, signal: AbortSignal): Promise<BatchProgress>;

  /**
   * Stores progress; one with fewer `chunksDone` than stored changes nothing, unless the job that began the segment begins it anew with
   * another fingerprint, since somebody edited it. Of another job with another fingerprint nothing is stored.
   */
  abstract save(progress: BatchProgress, signal: AbortSignal): Promise<void>;

  /** Forgets a segment that a job has begun, when no chunk of it was handed on: another job may begin it. @returns whether it had */
  abstract abandon(batchId: string, segment: number, jobId: string, signal: AbortSignal): Promise<boolean>;

  /** Sums over the segments, or null when the batch is unknown. */
  abstract summarize(batchId: string, signal?: AbortSignal): Promise<BatchSummary | null>;

  /** How many segments were saved last before `before`. */
  abstract countOld(before: Date, signal: AbortSignal): Promise<number>;

  /**
   * Removes the oldest of them, in one short transaction. A batch that goes on after that starts over; its messages have the same ids.
   * @param limit at most so many, 1 to 10 000
   * @returns how many; 0: none is left
   */
  abstract removeOld(before: Date, limit: number, signal: AbortSignal): Promise<number>;
}
