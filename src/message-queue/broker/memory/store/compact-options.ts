import type { BackoffOptions } from 'bull';
import type { ManagedJobOptions, ManagedJobRecord } from '../../../jobs/managed-job.js';
import type { StoredOptions } from './stored-job.js';

/**
 * Turns admitted options into stored ones that take little room: one shape for all, and one object for what nearly
 * every job of a queue has in common. Stored options are never changed in place, so jobs may share.
 */
export class CompactOptions {
  private backoff: BackoffOptions | null = null;
  private record: ManagedJobRecord | null = null;

  of(options: ManagedJobOptions): StoredOptions {
    const { attempts, delay, timestamp, priority, lifo, debounce, repeat, mq } = options;
    const stored: { -readonly [Key in keyof StoredOptions]: StoredOptions[Key] } = {
      jobId: inOnePiece(options.jobId),
      attempts: attempts ?? 1,
      backoff: this.shareBackoff(options.backoff),
      delay: delay ?? 0,
      timestamp: timestamp ?? 0,
      removeOnComplete: options.removeOnComplete,
      removeOnFail: options.removeOnFail,
      stackTraceLimit: options.stackTraceLimit,
    };
    if (mq !== undefined) stored.mq = this.shareRecord(mq);
    if (priority !== undefined) stored.priority = priority;
    if (lifo !== undefined) stored.lifo = lifo;
    if (debounce !== undefined) stored.debounce = debounce;
    if (repeat !== undefined) stored.repeat = repeat;
    return stored;
  }

  private shareBackoff(backoff: ManagedJobOptions['backoff']): ManagedJobOptions['backoff'] {
    if (typeof backoff !== 'object') return backoff;
    if (this.backoff === null || !isSame(this.backoff, backoff)) this.backoff = backoff;
    return this.backoff;
  }

  private shareRecord(mq: ManagedJobRecord): ManagedJobRecord {
    if (this.record === null || !isSame(this.record, mq)) this.record = mq;
    return this.record;
  }
}

/**
 * V8 keeps a fresh UUID as a rope of some fifteen pieces, 490 bytes where 56 do. A copy through a buffer is one piece.
 */
function inOnePiece(id: ManagedJobOptions['jobId']): ManagedJobOptions['jobId'] {
  return typeof id === 'string' ? Buffer.from(id).toString() : id;
}

/** Equal as JSON would have it, for small plain objects. */
function isSame(a: object, b: object): boolean {
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => {
    const [left, right] = [(a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]];
    if (typeof left !== 'object' || left === null) return left === right;
    return typeof right === 'object' && right !== null && isSame(left, right);
  });
}
