import type { JobOptions } from 'bull';

/** One failed run of a handler, or one crash of the worker that ran it. */
export interface FailureRecord {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  readonly kind: 'error' | 'timeout' | 'crash' | 'cancelled';
  /** Name or code of the error. */
  readonly error: string;
  /** At most 2 000 characters. What is kept with a job is shorter; the last one's is kept longest. */
  readonly message: string;
  /** At most 8 lines, with paths from the working directory on. Of what is kept with a job, only the last one has it. */
  readonly stack?: string;
  /**
   * Of a sealed queue, what was left out above: all messages of the error and its causes, sealed with the key of the payload.
   * `Privacy.revealJob` opens it. Of what is kept with a job, only the newest failure that has it.
   */
  readonly sealed?: string;
}

/** One replay of a dead letter. */
export interface ReplayRecord {
  readonly at: number;
  /** Who asked for it, as the caller named himself. */
  readonly by: string;
}

/**
 * What our rules remember about a job. Lives in Bull's options as `opts.mq` (Bull keeps unknown options), never in
 * the host's data. Jobs of a plain Bull producer have none; every field has a meaning when it is missing.
 */
export interface ManagedJobRecord {
  readonly correlationId?: string;
  /** Small key–value pairs of the host's, carried along and shown on the board. */
  readonly metadata?: Readonly<Record<string, string | number | boolean>>;
  /** Overrides the queue's and the handler's. Milliseconds. */
  readonly timeoutMs?: number;
  /** `opts.attempts` was filled in from the queue at enqueue, so a handler's own `attempts` wins over it. */
  readonly defaultAttempts?: true;
  readonly idempotencyKey?: string;
  /** The group of its queue's gate `flow.key`, such as a conversation. */
  readonly key?: string;
  /** That of the gate `flow.tenant`. */
  readonly tenant?: string;
  /** The job must start within this many milliseconds from when it is due, or it ends as `expired`. */
  readonly expiresInMs?: number;
  /** Of the payload; left out when it is 1. */
  readonly version?: number;
  /** Of a schedule whose payload is sealed: a keyed hash of it, because each seal of the same payload is another text. */
  readonly payloadDigest?: string;
  /** The span of the add, as `traceparent`. */
  readonly trace?: string;
  /** That of the last attempt that failed. */
  readonly lastTrace?: string;
  /** Newest last, at most 20: their reasons in short. {@link failuresOf} has more of the last one. */
  readonly failures?: readonly FailureRecord[];
  readonly replays?: readonly ReplayRecord[];
  readonly cancelled?: { readonly at: number; readonly reason: string };
}

/** Bull's options with our record. */
export interface ManagedJobOptions extends JobOptions {
  /** When the job counts as created, milliseconds since the epoch. Bull has it, its types do not. */
  readonly timestamp?: number;
  /** When a schedule's run is due, milliseconds since the epoch: Bull counts the next one from it. */
  readonly prevMillis?: number;
  /** Largest payload as JSON, in bytes; checked at enqueue, not stored. */
  readonly sizeLimit?: number;
  readonly mq?: ManagedJobRecord;
}

/** Our record of a job, or an empty one. */
export function recordOf(job: { opts: JobOptions }): ManagedJobRecord {
  return (job.opts as ManagedJobOptions).mq ?? {};
}

/** The sealed texts of a record's failures. */
export function sealedFailures({ failures = [] }: ManagedJobRecord = {}): string[] {
  return failures.flatMap(({ sealed }) => sealed ?? []);
}

/** What a job that was read says of its failures beside its record. */
export interface FailedTexts {
  readonly opts: JobOptions;
  readonly failedReason?: string;
  readonly stacktrace: readonly string[];
}

/** A job's failures, oldest first: the last one with all of its message and stack that is kept. */
export function failuresOf(job: FailedTexts): readonly FailureRecord[] {
  const failures = recordOf(job).failures ?? [];
  const last = failures.at(-1);
  if (last === undefined) return failures;
  const { failedReason = last.message, stacktrace } = job;
  const short = last.message.replace(/…$/, '');
  const stack = last.kind === 'cancelled' ? '' : placesOf(stacktrace.at(-1) ?? '');
  const full = {
    ...last,
    ...(failedReason.startsWith(short) && { message: failedReason }),
    ...(stack !== '' && { stack }),
  };
  return [...failures.slice(0, -1), full];
}

function placesOf(trace: string): string {
  return trace
    .split('\n')
    .filter((line) => /^\s*at /.test(line))
    .join('\n');
}

/** When a schedule's run was due; undefined for a job that no schedule added. */
export function scheduledTimeOf(job: { opts: JobOptions }): Date | undefined {
  const { repeat, prevMillis } = job.opts as ManagedJobOptions;
  return repeat === undefined || prevMillis === undefined ? undefined : new Date(prevMillis);
}
