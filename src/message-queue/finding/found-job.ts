import type { Job } from 'bull';
import { escaped } from '../../kernel/logging/printable.js';
import { boundedText } from '../../kernel/values/bounded-text.js';
import { fromBullPriority } from '../jobs/job-priority.js';
import { failuresOf, recordOf } from '../jobs/managed-job.js';
import type { JobState } from './job-state.js';

/** One job of a list, without its payload. */
export interface FoundJob {
  readonly queue: string;
  readonly id: string;
  /** Its name. */
  readonly job: string;
  readonly state: JobState;
  /** 1 to 10, 10 first. */
  readonly priority: number;
  readonly addedAt: Date;
  /** When it may start; null where it is not put off. */
  readonly dueAt: Date | null;
  /** Begin of the last attempt. */
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** Attempts that were spent. */
  readonly attempts: number;
  /** Name or code of the last error and its message; null when there was none, or the job completed. */
  readonly error: string | null;
}

const LONGEST_ERROR = 300;

/** Bull's job as one of a list. */
export function foundJob(queue: string, job: Job, state: JobState): FoundJob {
  const { timestamp, processedOn, finishedOn } = job;
  const failure = state === 'completed' ? undefined : failuresOf(job).at(-1);
  return {
    ...{ queue, id: String(job.id), job: escaped(job.name), state },
    priority: fromBullPriority(job.opts.priority),
    addedAt: new Date(timestamp),
    dueAt: state === 'delayed' ? new Date(timestamp + delayOf(job)) : null,
    startedAt: instant(processedOn),
    finishedAt: instant(finishedOn),
    attempts: attemptsOf(job, state),
    error: failure === undefined ? failedReasonOf(job, state) : shown(`${failure.error}: ${failure.message}`),
  };
}

/** Bull counts attempts that failed; people count those that were spent. */
function attemptsOf({ attemptsMade }: Job, state: JobState): number {
  return state === 'completed' ? attemptsMade + 1 : attemptsMade;
}

/** Whether a text stands in what is kept of a job beside its payload. @param text in small letters */
export function mentions(job: Job, text: string): boolean {
  const { correlationId = '' } = recordOf(job);
  return [String(job.id), job.name, correlationId, job.failedReason ?? ''].some((one) =>
    one.toLowerCase().includes(text),
  );
}

/** Bull's types leave it out: the delay that is left of the job's own, or of its retry. */
function delayOf(job: Job): number {
  return (job as { readonly delay?: number }).delay ?? job.opts.delay ?? 0;
}

function failedReasonOf({ failedReason }: Job, state: JobState): string | null {
  return failedReason === undefined || state === 'completed' ? null : shown(failedReason);
}

function shown(text: string): string {
  return escaped(boundedText(text, LONGEST_ERROR));
}

function instant(at: number | null | undefined): Date | null {
  return at === undefined || at === null ? null : new Date(at);
}
