import type { Job, JobStatus as BullJobState } from 'bull';
import { jobState } from '../finding/job-state.js';
import type { JobState } from '../finding/job-state.js';
import type { JobProgress } from '../jobs/job-progress.js';
import { failuresOf, recordOf } from '../jobs/managed-job.js';
import type { FailureRecord } from '../jobs/managed-job.js';

/** How a job is doing. Times are milliseconds since the epoch. */
export interface JobStatus {
  readonly id: string;
  readonly queue: string;
  readonly name: string;
  readonly state: JobState;
  /** What its handler reported last. */
  readonly progress: JobProgress | null;
  readonly attempts: {
    /** Runs that failed. */
    readonly made: number;
    /** The job's own; else its handler's, where this process knows the handler; else the queue's. */
    readonly max: number;
  };
  readonly timings: {
    readonly enqueuedAt: number;
    /** Of a delayed job: when it is due. */
    readonly dueAt: number | null;
    /** Start of the last run. */
    readonly startedAt: number | null;
    readonly finishedAt: number | null;
    /** From the time it was enqueued, or due, to its last start, milliseconds. */
    readonly waitMs: number | null;
    /** Length of the last run, milliseconds. */
    readonly runMs: number | null;
  };
  /** Why its last run failed; null when none did, or the job completed. */
  readonly lastError: FailureRecord | null;
  readonly cancelled: { readonly at: number; readonly reason: string } | null;
  readonly correlationId: string;
  readonly metadata: Readonly<Record<string, string | number | boolean>>;
}

/** Puts a job's status together. @param handlerAttempts of its `@JobHandler`, for jobs that were added without */
export function statusOf(
  queue: string,
  job: Job,
  bullState: BullJobState | 'stuck',
  handlerAttempts: number | undefined,
): JobStatus {
  const state = jobState(job, bullState);
  const record = recordOf(job);
  const attempts = job.opts.attempts ?? 1;
  const id = String(job.id);
  const { timestamp, processedOn = null, finishedOn = null } = job;
  // Bull's types leave it out: the delay that is left of the job's own, or of its retry.
  const delay = (job as { delay?: number }).delay ?? job.opts.delay ?? 0;
  const readyAt = timestamp + (job.opts.delay ?? 0);
  const failure = failuresOf(job).at(-1) ?? null;
  return {
    id,
    queue,
    name: job.name,
    state,
    progress: progressOf(job.progress() as unknown),
    attempts: {
      made: job.attemptsMade,
      max: record.defaultAttempts ? (handlerAttempts ?? attempts) : attempts,
    },
    timings: {
      enqueuedAt: timestamp,
      dueAt: state === 'delayed' ? timestamp + delay : null,
      startedAt: processedOn,
      finishedAt: finishedOn,
      waitMs: processedOn === null ? null : Math.max(0, processedOn - readyAt),
      runMs: processedOn === null || finishedOn === null ? null : finishedOn - processedOn,
    },
    lastError: state === 'completed' ? null : failure,
    cancelled: record.cancelled ?? null,
    correlationId: record.correlationId ?? id,
    metadata: record.metadata ?? {},
  };
}

function progressOf(progress: unknown): JobProgress | null {
  if (typeof progress === 'object' && progress !== null && 'percentage' in progress)
    return progress as JobProgress;
  return typeof progress === 'number' && progress > 0 ? { percentage: progress } : null;
}
