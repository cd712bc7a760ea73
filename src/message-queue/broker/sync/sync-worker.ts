import { JobFailedError } from '../../jobs/errors-in-caller.js';
import { MemoryQueueWorker } from '../memory/memory-queue-worker.js';
import type { StoredJob } from '../memory/store/stored-job.js';
import { AskedJob } from './asked-job.js';

/** Runs jobs for whoever adds them, beside what a queue in memory gives out by itself. */
export class SyncWorker extends MemoryQueueWorker {
  /** What is run for others is theirs: it keeps no new worker from taking over. */
  override get hasEnded(): boolean {
    return this.parts.loop.isStopped;
  }

  /**
   * Runs a job that was taken, once; resolves when its end is stored.
   * @throws JobFailedError when it is a dead letter now
   */
  async runFor(stored: StoredJob): Promise<void> {
    const taken = this.take(stored, AskedJob);
    const settlement = await this.runTaken(stored, taken).finally(() => taken.depth.end());
    if (settlement.kind !== 'failed' || settlement.retryDelayMs !== null) return;
    const { name: queue } = this.parts.definition;
    const cause = settlement.thrown ?? settlement.error;
    throw new JobFailedError({ queue, job: stored.name, jobId: stored.id, cause });
  }
}
