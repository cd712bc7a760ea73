import type { Job } from 'bull';
import { STACK_TRACES } from '../../admission/stored-options.js';
import { boundedJson, jsonBytes } from '../../../kernel/values/bounded-text.js';
import { framesOf } from '../../../kernel/logging/error-text.js';
import type { JobResult } from '../../jobs/job-result.js';
import type { FailureRecord, ManagedJobOptions } from '../../jobs/managed-job.js';
import type { FailedSettlement } from '../../jobs/settlement.js';
import { historyBytes, withFailure } from './job-record.js';

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
  /** The newest, as many as the job's `stackTraceLimit` says and as fit: each names the error and the places. */
  readonly stacktrace: string[];
  /** Undefined while the job runs again. */
  readonly finishedOn: number | undefined;
}

/** Room for the history, the reason and the stack traces of a job as they are stored, bytes. */
const HISTORY_BYTES = 850;
const LEAST_STACK_BYTES = 150;
const LEAST_REASON_BYTES = 100;
/** Beside the places, what the first line of a stack trace says of the error. */
const HEAD_BYTES = 80;

/** What is stored of a failed run. @param now milliseconds since the epoch */
export function failureLanding(
  before: JobBeforeFailure,
  settlement: FailedSettlement,
  now: number,
): FailureLanding {
  const { options, attemptsMade, stacktrace, crashes } = before;
  const { error, retryDelayMs } = settlement;
  const mq = withFailure(options.mq ?? {}, settlement, now, crashes);
  const room = HISTORY_BYTES - historyBytes(mq);
  const reason = boundedJson(error.message, Math.max(LEAST_REASON_BYTES, room - LEAST_STACK_BYTES));
  const traces = [...stacktrace, traceOf(error)].slice(-(options.stackTraceLimit ?? STACK_TRACES));
  return {
    options: { ...options, mq },
    attemptsMade: attemptsMade + 1,
    reason,
    stacktrace: fitting(traces, Math.max(0, room - jsonBytes(reason))),
    finishedOn: retryDelayMs === null ? now : undefined,
  };
}

/** The newest traces that fit; the last one is cut if it must be. */
function fitting(traces: readonly string[], bytes: number): string[] {
  const kept: string[] = [];
  let room = bytes;
  for (const trace of traces.toReversed()) {
    const size = jsonBytes(trace);
    if (kept.length > 0 && size > room) break;
    kept.unshift(boundedJson(trace, room));
    room -= size;
  }
  return kept;
}

function traceOf(error: Error): string {
  return [boundedJson(`${error.name}: ${error.message}`, HEAD_BYTES), framesOf(error)]
    .filter(Boolean)
    .join('\n');
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
  job.returnvalue = result.stored ?? 0;
  job.finishedOn = finishedOn;
}
