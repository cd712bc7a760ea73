import type { Job } from 'bull';
import { STACK_TRACES } from '../../admission/stored-options.js';
import { boundedText } from '../../../kernel/values/bounded-text.js';
import type { JobResult } from '../../jobs/job-result.js';
import type { FailureRecord, ManagedJobOptions } from '../../jobs/managed-job.js';
import type { FailedSettlement } from '../../jobs/settlement.js';
import { withFailure } from './job-record.js';

/** A job as it is stored before one of its runs failed. */
export interface JobBeforeFailure {
  readonly options: ManagedJobOptions;
  readonly attemptsMade: number;
  readonly stacktrace: readonly string[];
  /** Crashes of workers that ran the job, where they are kept beside the record until now. */
  readonly crashes: readonly FailureRecord[];
}

/** What is stored of a failed run. */
export interface FailureLanding {
  /** With the failure in their record. */
  readonly options: ManagedJobOptions;
  readonly attemptsMade: number;
  readonly reason: string;
  /** The newest, as many as the job's `stackTraceLimit` says. */
  readonly stacktrace: string[];
  /** Undefined while the job runs again. */
  readonly finishedOn: number | undefined;
}

/** What is stored of a failed run. @param now milliseconds since the epoch */
export function failureLanding(
  before: JobBeforeFailure,
  settlement: FailedSettlement,
  now: number,
): FailureLanding {
  const { options, attemptsMade, stacktrace, crashes } = before;
  const { error, retryDelayMs } = settlement;
  const limit = options.stackTraceLimit ?? STACK_TRACES;
  const trace = boundedText(error.stack ?? error.message);
  return {
    options: { ...options, mq: withFailure(options.mq ?? {}, settlement, now, crashes) },
    attemptsMade: attemptsMade + 1,
    reason: boundedText(error.message),
    stacktrace: limit <= 0 ? [] : [...stacktrace, trace].slice(-limit),
    finishedOn: retryDelayMs === null ? now : undefined,
  };
}

/** Brings Bull's job, which listeners get, to what is stored of its failed run. */
export function landFailure(job: Job, landing: FailureLanding): void {
  job.opts = { ...landing.options };
  job.attemptsMade = landing.attemptsMade;
  job.failedReason = landing.reason;
  job.stacktrace = [...landing.stacktrace];
  if (landing.finishedOn !== undefined) job.finishedOn = landing.finishedOn;
}

/** Brings Bull's job to what is stored of its completed run. As in Bull, no result is a 0 there. */
export function landResult(job: Job, result: JobResult, finishedOn: number | undefined): void {
  job.returnvalue = result.value ?? 0;
  job.finishedOn = finishedOn;
}
