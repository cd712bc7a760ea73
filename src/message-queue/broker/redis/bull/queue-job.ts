import { BullJob } from './bull-internals.js';
import type { FinishedJobs } from './finished-jobs.js';

/** Bull's job, but `finished()` ends when no end can come any more. */
export class QueueJob extends BullJob {
  override finished(): Promise<unknown> {
    const { finishedJobs } = this.queue as unknown as { readonly finishedJobs: FinishedJobs };
    return finishedJobs.of(String(this.id));
  }

  /** Makes a job that Bull itself made one of these. */
  static from<Made extends object | null | undefined>(job: Made): Made {
    return job ? (Object.setPrototypeOf(job, QueueJob.prototype) as Made) : job;
  }
}
