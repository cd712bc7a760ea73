import type { Job, Queue } from 'bull';
import type { QueueModel } from './queue-model.js';

/** What a sequence of commands runs on. */
export interface QueueUnderTest {
  readonly queue: Queue;
  /** Active jobs, by id: as they were taken. */
  readonly taken: Map<string, Job>;
  /** Moves the clock; null where time cannot be moved. */
  readonly advance: ((ms: number) => Promise<void>) | null;
  /** Commands that ran. */
  steps: number;
  /** Whether finished jobs keep the order in which they finished (Redis: by id within a millisecond). */
  readonly exactFinishOrder: boolean;
}

/** Everything that can be seen of a queue, in one object. */
export async function observe({ queue, exactFinishOrder }: QueueUnderTest): Promise<Record<string, unknown>> {
  const [counts, isPaused, waiting, active, delayed, completed, failed] = await Promise.all([
    queue.getJobCounts(),
    queue.isPaused(),
    queue.getWaiting(),
    queue.getActive(),
    queue.getDelayed(),
    queue.getCompleted(),
    queue.getFailed(),
  ]);
  const finished = (jobs: Job[]): string[] => {
    const ids = jobs.map((job) => String(job.id)).reverse();
    return exactFinishOrder ? ids : ids.sort();
  };
  const details = [...waiting, ...active, ...delayed, ...completed, ...failed].map((job) => [
    String(job.id),
    [job.attemptsMade, job.returnvalue ?? null, job.failedReason ?? null],
  ]);
  return {
    counts,
    isPaused,
    waiting: waiting.map((job) => String(job.id)),
    active: active.map((job) => String(job.id)),
    delayed: delayed.map((job) => String(job.id)),
    completed: finished(completed),
    failed: finished(failed),
    details: Object.fromEntries(details) as unknown,
  };
}

/** The same of the model. */
export function expectation(model: QueueModel, exactFinishOrder: boolean): Record<string, unknown> {
  const { waiting, active, delayed, completed, failed, paused } = model;
  const details = [...model.jobs.values()].map((job) => [
    job.id,
    [job.attemptsMade, job.returnvalue, job.failedReason ?? null],
  ]);
  return {
    counts: {
      waiting: paused ? 0 : waiting.length,
      active: active.length,
      completed: completed.length,
      failed: failed.length,
      delayed: delayed.length,
      paused: paused ? waiting.length : 0,
    },
    isPaused: paused,
    waiting,
    active,
    delayed,
    completed: exactFinishOrder ? completed : [...completed].sort(),
    failed: exactFinishOrder ? failed : [...failed].sort(),
    details: Object.fromEntries(details) as unknown,
  };
}
