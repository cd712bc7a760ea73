import { MinHeap } from './lanes/min-heap.js';
import type { StoredJob } from './stored-job.js';

/** When a job must have started. What has started, ended, or is gone by then is left out when it comes up. */
interface Expiry {
  readonly job: StoredJob;
  readonly at: number;
}

/** So many more than twice those that wait are remembered: what has started long before its time must not be kept until then. */
const SPARE = 1_000;

/** The jobs of a queue that must start by a time, the next one first. */
export class Expiries {
  private readonly heap = new MinHeap<Expiry>(({ at }) => at);
  private limit = SPARE;

  /** By when the next one must have started, milliseconds since the epoch; null when none must. */
  get nextAt(): number | null {
    for (let next = this.heap.peek(); next !== undefined; next = this.heap.peek()) {
      if (isOpen(next)) return next.at;
      this.heap.pop();
    }
    return null;
  }

  add(job: StoredJob, at: number): void {
    if (this.heap.size >= this.limit) {
      this.heap.keepOnly(isOpen);
      this.limit = 2 * this.heap.size + SPARE;
    }
    this.heap.push({ job, at });
  }

  /** Takes off a job that must have started by now; null when there is none. */
  takeLate(now: number): StoredJob | null {
    const { nextAt } = this;
    if (nextAt === null || nextAt > now) return null;
    const { job } = this.heap.peek() as Expiry;
    this.heap.pop();
    return job;
  }
}

/** How one ends that is to be cancelled or erased is decided. */
function isOpen({ job, at }: Expiry): boolean {
  const waits = job.state === 'waiting' || job.state === 'delayed';
  return waits && job.expiresAt === at && job.history?.stopReason === undefined;
}
