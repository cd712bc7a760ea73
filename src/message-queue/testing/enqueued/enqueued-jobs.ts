import type { Job, JobStatus } from 'bull';
import type { ManagedQueues } from '../../broker/managed-queues.js';
import { describeMisfit, mismatchesOf } from './expected-job.js';
import type { ExpectedJob } from './expected-job.js';
import { openPayload } from './opened-job.js';

const EVERY_STATE: JobStatus[] = ['waiting', 'active', 'delayed', 'completed', 'failed', 'paused'];

/** The jobs that were enqueued since the test began, whatever became of them. */
export class EnqueuedJobs {
  constructor(private readonly queues: ManagedQueues) {}

  /** @returns the first job that fits @throws Error that shows what was enqueued in its place */
  async find(expected: ExpectedJob): Promise<Job> {
    const jobs = await this.jobsOf(nameOf(expected));
    const found = jobs.find((job) => mismatchesOf(expected, job).length === 0);
    if (found !== undefined) return found;
    throw new Error(
      describeMisfit(`No job of "${nameOf(expected)}" matches what was expected.`, expected, jobs),
    );
  }

  /** @throws Error that shows the job that fits */
  async refute(unexpected: ExpectedJob): Promise<void> {
    const jobs = await this.jobsOf(nameOf(unexpected));
    const found = jobs.filter((job) => mismatchesOf(unexpected, job).length === 0);
    if (found.length === 0) return;
    throw new Error(
      describeMisfit(
        `A job of "${nameOf(unexpected)}" was enqueued that should not have been.`,
        unexpected,
        found,
      ),
    );
  }

  /** Oldest first, with their payloads in plain. */
  private async jobsOf(queueName: string): Promise<Job[]> {
    const { queue, definition } = this.queues.get(queueName);
    const jobs = await queue.getJobs(EVERY_STATE);
    await Promise.all(jobs.map((job) => openPayload(job, definition)));
    return jobs.sort((a, b) => a.timestamp - b.timestamp);
  }
}

function nameOf({ queue }: ExpectedJob): string {
  return typeof queue === 'string' ? queue : queue.name;
}
