import type { Type } from '@nestjs/common';

/** Job name → the DTO class its payload is validated against. */
export type JobMap = Record<string, Type<object>>;

/** Delay before retry n (n = 1 after the first failure): `fixed` → delayMs; `exponential` → delayMs · 2^(n−1). */
export interface BackoffPolicy {
  readonly type: 'fixed' | 'exponential';
  /** Base delay in milliseconds. */
  readonly delayMs: number;
  /** Upper bound of a delay in milliseconds. Default: none. */
  readonly maxDelayMs?: number;
  /** Share of the delay that is random, 0 to 1: a delay d becomes d·(1−jitter) … d. Default 0. */
  readonly jitter?: number;
}

/** How long finished jobs are kept. Enforced by a sweeper on a schedule. */
export interface RetentionPolicy {
  /** Completed jobs: at most this old (milliseconds) … Default 24 h. */
  readonly completedAgeMs: number;
  /** … and at most this many. Default 1 000. */
  readonly completedCount: number;
  /** Dead letters: at most this old (milliseconds). Default 7 days. */
  readonly failedAgeMs: number;
}

/** What a host may tune per queue, by options or environment. */
export interface QueueSettings {
  /** Handlers at the same time per worker process, over all job names of the queue. */
  readonly concurrency: number;
  /** Runs of a handler before the job becomes a dead letter, the first one included. */
  readonly attempts: number;
  readonly backoff: BackoffPolicy;
  /** Time one attempt may take before its signal aborts, in milliseconds. */
  readonly timeoutMs: number;
  /** Jobs that may wait (waiting + delayed + paused) before adds are refused. Default 1 000 000. */
  readonly maxWaiting: number;
  /** Largest payload as JSON, in bytes. Default 1 MiB. */
  readonly maxPayloadBytes: number;
  readonly retention: RetentionPolicy;
}

/** A queue: its name, its jobs and its defaults. Build one with {@link defineQueue}. */
export interface QueueDefinition<
  Name extends string = string,
  Jobs extends JobMap = JobMap,
> extends QueueSettings {
  readonly name: Name;
  /** One sentence, shown on the board. */
  readonly description: string;
  readonly jobs: Jobs;
}

/** Job names of a definition. */
export type JobNameOf<D extends QueueDefinition> = Extract<keyof D['jobs'], string>;

/** Payload of one job of a definition: the instance type of its DTO class. */
export type PayloadOf<D extends QueueDefinition, N extends JobNameOf<D>> =
  D['jobs'][N] extends Type<infer Payload> ? Payload : never;

type Defaulted = 'maxWaiting' | 'maxPayloadBytes' | 'retention';

/** What {@link defineQueue} takes: everything but the fields that have library-wide defaults. */
export type QueueDefinitionInput<Name extends string, Jobs extends JobMap> = Omit<
  QueueDefinition<Name, Jobs>,
  Defaulted
> & {
  readonly maxWaiting?: number;
  readonly maxPayloadBytes?: number;
  readonly retention?: Partial<RetentionPolicy>;
};

const DAY_MS = 24 * 60 * 60 * 1000;

/** Library-wide defaults of every queue. */
export const QUEUE_DEFAULTS = {
  maxWaiting: 1_000_000,
  maxPayloadBytes: 1024 * 1024,
  retention: { completedAgeMs: DAY_MS, completedCount: 1_000, failedAgeMs: 7 * DAY_MS },
} as const satisfies Pick<QueueDefinition, Defaulted>;

/**
 * Describes a queue, the built-in six and a host's own alike. Types `enqueue(definition, jobName, payload)`.
 * Settings are checked when the queue is registered.
 */
export function defineQueue<const Name extends string, const Jobs extends JobMap>(
  input: QueueDefinitionInput<Name, Jobs>,
): QueueDefinition<Name, Jobs> {
  return Object.freeze({
    ...QUEUE_DEFAULTS,
    ...input,
    retention: { ...QUEUE_DEFAULTS.retention, ...input.retention },
  });
}
