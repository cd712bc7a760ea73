import type { FailedJobFields } from '../broker/broker.js';
import { boundedText } from '../../kernel/values/bounded-text.js';
import { failuresOf, recordOf } from '../jobs/managed-job.js';
import type { FailureRecord, ReplayRecord } from '../jobs/managed-job.js';

/** A job that has spent its attempts, or whose error no retry can fix. It waits in its queue's failed set. */
export interface DeadLetter<Payload = unknown> {
  readonly queue: string;
  /** Job name. */
  readonly job: string;
  readonly id: string;
  readonly payload: Payload;
  /** Runs spent since the job was last added or replayed. */
  readonly attempts: number;
  /** What went wrong, oldest first: the newest 20 at most, with their reasons in short; the last one in full, with its stack. */
  readonly failures: readonly FailureRecord[];
  /** Name or code of the last error. */
  readonly error: string;
  /** Message of the last error. */
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly addedAt: number;
  /** Earliest failure that is remembered, milliseconds since the epoch. */
  readonly firstFailedAt: number;
  /** When it became a dead letter, milliseconds since the epoch. */
  readonly lastFailedAt: number;
  /** Who put it back to waiting earlier, oldest first. */
  readonly replays: readonly ReplayRecord[];
  /** Set when the job did not fail but was cancelled: replays leave it out. */
  readonly cancelled: { readonly at: number; readonly reason: string } | null;
  readonly correlationId: string;
  readonly metadata: Readonly<Record<string, string | number | boolean>>;
}

/** What filters and counts look at: a letter without its payload. */
export type LetterHead = Omit<DeadLetter, 'payload'>;

const MAX_STACK_LINES = 8;

/** When a finished job finished; jobs of foreign scripts may lack it. */
export function finishedAt(job: FailedJobFields): number {
  return job.finishedOn ?? job.processedOn ?? job.timestamp;
}

/** Reads a job of the failed set, ours or a plain Bull producer's, as a dead letter. */
export function toDeadLetter(job: FailedJobFields, queue: string): DeadLetter {
  return { ...headOf(job, queue), payload: job.data };
}

/** The same without the payload, which need not have been read. */
export function headOf(job: FailedJobFields, queue: string): LetterHead {
  const record = recordOf(job);
  const lastFailedAt = finishedAt(job);
  const known = failuresOf(job);
  const failures = known.length > 0 ? known : plainFailures(job, lastFailedAt);
  const last = failures.at(-1);
  const id = String(job.id);
  return {
    queue,
    job: job.name,
    id,
    attempts: job.attemptsMade,
    failures,
    error: last?.error ?? 'Error',
    reason: last?.message ?? '',
    addedAt: job.timestamp,
    firstFailedAt: failures[0]?.at ?? lastFailedAt,
    lastFailedAt,
    replays: record.replays ?? [],
    cancelled: record.cancelled ?? null,
    correlationId: record.correlationId ?? id,
    metadata: record.metadata ?? {},
  };
}

/** What plain Bull remembers: a stack per failure without a time (the last failure's stands in), and the last message. */
function plainFailures(job: FailedJobFields, at: number): FailureRecord[] {
  const stacks = job.stacktrace.filter(Boolean);
  if (stacks.length === 0) {
    const text = job.failedReason ?? 'unknown';
    return [{ at, attempt: job.attemptsMade, kind: 'error', error: 'Error', message: boundedText(text) }];
  }
  const firstAttempt = Math.max(1, job.attemptsMade - stacks.length + 1);
  return stacks.map((stack, index) => {
    const lines = stack.split('\n', MAX_STACK_LINES);
    const head = /^(?<error>[\w.]+): ?(?<message>.*)$/.exec(lines[0] ?? '')?.groups;
    return {
      at,
      attempt: firstAttempt + index,
      kind: 'error',
      error: head?.['error'] ?? 'Error',
      message: boundedText(head?.['message'] ?? lines[0] ?? ''),
      stack: boundedText(lines.join('\n')),
    };
  });
}
