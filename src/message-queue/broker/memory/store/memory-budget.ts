import { storeFull } from '../../rules/add-errors.js';
import { RateBuckets } from './gates/rate-buckets.js';
import type { StoredJob } from './stored-job.js';

/**
 * Bytes a stored job counts for beside its texts (payload, result, stack traces): records, links, map entries.
 * Approximate on purpose; the benchmark measures the real figure.
 */
export const JOB_OVERHEAD_BYTES = 500;

/** What a dead letter counts for: its overhead, and all of its texts as they would be stored. */
export function letterBytes({ id, name, data, options, history }: StoredJob): number {
  const { failedReason, progress, returnvalue, stacktrace = [], logs } = history ?? {};
  const texts = [id, name, data, JSON.stringify(options), failedReason, progress, returnvalue];
  return [...texts, ...stacktrace, ...(logs ?? [])].reduce(
    (bytes, text) => bytes + Buffer.byteLength(text ?? ''),
    JOB_OVERHEAD_BYTES,
  );
}

/** What a host may say of it. */
type MemoryLimits = Partial<Pick<MemoryBudget, 'maxJobs' | 'maxBytes'>>;

/** What the queues of one broker may keep together. Finished jobs count until they are cleaned. */
export class MemoryBudget {
  jobs = 0;
  bytes = 0;
  /** Of rates that its queues share. */
  readonly rates = new RateBuckets();
  private sequence = 0;

  constructor(
    /** Most jobs in all states. */
    readonly maxJobs: number = Number.POSITIVE_INFINITY,
    /** Most bytes, approximately: the JSON texts of the jobs plus {@link JOB_OVERHEAD_BYTES} each. */
    readonly maxBytes: number = Number.POSITIVE_INFINITY,
  ) {}

  /** What a broker's queues may keep where its options do not say. */
  static of({ maxJobs = 1_000_000, maxBytes = 512 * 1024 * 1024 }: MemoryLimits): MemoryBudget {
    return new MemoryBudget(maxJobs, maxBytes);
  }

  /** An ever growing number: the order of moves over all queues that share the budget. */
  nextSequence(): number {
    this.sequence += 1;
    return this.sequence;
  }

  /** @throws QueueFullError when one more job of `bytes` does not fit */
  assertRoom(bytes: number, queue: string, job: string): void {
    if (this.jobs + 1 > this.maxJobs) {
      throw storeFull(
        { queue, job },
        {
          state: `The memory provider holds ${this.jobs} jobs and its limit (maxJobs) is ${this.maxJobs}`,
          remedy: 'let the workers finish, or raise maxJobs or use Redis',
          held: this.jobs,
          limit: this.maxJobs,
        },
      );
    }
    if (this.bytes + bytes > this.maxBytes) {
      throw storeFull(
        { queue, job },
        {
          state: `The memory provider holds about ${this.bytes} bytes and its limit (maxBytes) is ${this.maxBytes}`,
          remedy: 'let the workers finish, or raise maxBytes or use Redis',
          held: this.bytes,
          limit: this.maxBytes,
        },
      );
    }
  }
}
