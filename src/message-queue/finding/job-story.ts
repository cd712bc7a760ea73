import { Injectable } from '@nestjs/common';
import type { Job } from 'bull';
import { escaped } from '../../kernel/logging/printable.js';
import { boundedText } from '../../kernel/values/bounded-text.js';
import { ManagedQueues } from '../broker/managed-queues.js';
import { JobNotFoundError } from '../jobs/errors.js';
import { failuresOf, recordOf } from '../jobs/managed-job.js';
import type { FailureRecord, ReplayRecord } from '../jobs/managed-job.js';
import { isSealed } from '../jobs/sealing/payload-seal.js';
import { foundJob } from './found-job.js';
import type { FoundJob } from './found-job.js';
import { jobState } from './job-state.js';
import type { JobState } from './job-state.js';

/** One attempt, as far as it is known. */
export interface JobRun {
  /** From 1. */
  readonly attempt: number;
  /** When it ended; of one that runs, when it began. */
  readonly at: Date | null;
  readonly kind: FailureRecord['kind'] | 'completed' | 'running';
  /** Name or code of its error. */
  readonly error: string | null;
  readonly text: string | null;
  /** How long it ran. Known of the last attempt, and of those whose end is. */
  readonly durationMs: number | null;
  /** How long the job had been ready before it began. */
  readonly waitMs: number | null;
  /** The process that ran it, where that is known. */
  readonly worker: string | null;
}

/** All that is known of one job. */
export interface JobStory {
  readonly found: FoundJob;
  /** Bull's job: its payload, result and progress are as they are stored. */
  readonly job: Job;
  readonly isSealed: boolean;
  readonly maxAttempts: number;
  readonly correlationId: string | null;
  /** The oldest first. */
  readonly runs: readonly JobRun[];
  readonly replays: readonly ReplayRecord[];
  readonly cancelled: { readonly at: Date | null; readonly reason: string } | null;
}

/** Tells what became of single jobs. */
@Injectable()
export class JobStories {
  constructor(private readonly queues: ManagedQueues) {}

  /** @throws UnknownQueueError; JobNotFoundError; what the broker throws */
  async of(queueName: string, id: string): Promise<JobStory> {
    const { queue } = this.queues.get(queueName);
    const job = await queue.getJob(id);
    if (job === null) {
      const message = `Queue "${queueName}" has no job "${id}" (any more).`;
      throw new JobNotFoundError(message, { queue: queueName, jobId: id });
    }
    const state = jobState(job, await job.getState());
    const { correlationId, replays = [], cancelled } = recordOf(job);
    return {
      ...{ found: foundJob(queueName, job, state), job, isSealed: isSealed(job.data) },
      maxAttempts: job.opts.attempts ?? 1,
      correlationId: correlationId ?? null,
      runs: runsOf(job, state),
      replays,
      cancelled:
        cancelled === undefined ? null : { at: new Date(cancelled.at), reason: shown(cancelled.reason) },
    };
  }
}

function runsOf(job: Job, state: JobState): JobRun[] {
  const failures = failuresOf(job).map((failure) => failedRun(failure));
  const { processedOn, finishedOn, attemptsMade } = job;
  const startedAt = processedOn ?? null;
  const waitMs = startedAt === null ? null : waitOf(job, startedAt);
  const last = failures.at(-1);
  if (state === 'completed' || state === 'active') {
    const isRunning = state === 'active';
    const endedAt = isRunning ? startedAt : (finishedOn ?? null);
    const durationMs = isRunning || startedAt === null ? null : between(startedAt, finishedOn);
    const kind = isRunning ? 'running' : 'completed';
    const at = endedAt === null ? null : new Date(endedAt);
    failures.push({
      attempt: attemptsMade + 1,
      at,
      kind,
      error: null,
      text: null,
      durationMs,
      waitMs,
      worker: null,
    });
  } else if (last !== undefined && startedAt !== null && last.kind !== 'cancelled') {
    const durationMs = between(startedAt, last.at?.getTime());
    failures[failures.length - 1] = { ...last, durationMs, waitMs };
  }
  return failures;
}

function failedRun({ attempt, at, kind, error, message }: FailureRecord): JobRun {
  const text = shown(message);
  return { attempt, at: new Date(at), kind, error, text, durationMs: null, waitMs: null, worker: null };
}

/** Known of the first attempt only: of a later one, when its retry was due is not stored. */
function waitOf(job: Job, startedAt: number): number | null {
  if (job.attemptsMade > (job.finishedOn === undefined || job.failedReason === undefined ? 0 : 1))
    return null;
  return between(job.timestamp + (job.opts.delay ?? 0), startedAt);
}

function between(from: number, to: number | null | undefined): number | null {
  return to === null || to === undefined ? null : Math.max(0, to - from);
}

function shown(text: string): string {
  return escaped(boundedText(text));
}
