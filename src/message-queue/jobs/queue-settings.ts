import type { FlowPolicy } from './flow/flow-policy.js';
import { milliseconds, numberFrom, oneOf, wholeNumber } from '../../kernel/values/kinds.js';
import type { GivenOptions, ReadOptions } from '../../kernel/values/options.js';
import { defaultsOf, setting } from '../../kernel/values/setting.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const YEAR_MS = 365 * DAY_MS;
const MEBIBYTE = 1024 * 1024;

/** What every queue's definition must state. The variable is the part after `QUEUE_<NAME>_`. */
const OF_EACH_QUEUE = {
  /** How many handlers run at the same time per worker process, across all job names of the queue. */
  concurrency: setting(wholeNumber(1, 1_000), { variable: 'CONCURRENCY', required: true }),
  /** How many times a handler runs, including the first, before the job becomes a dead letter. */
  attempts: setting(wholeNumber(1, 1_000), { variable: 'ATTEMPTS', required: true }),
  /** Delay before retry n (n = 1 after the first failure). */
  backoff: {
    /** `fixed`: always the base delay; `exponential`: the delay doubles with each retry. */
    type: setting(oneOf('fixed', 'exponential'), { required: true }),
    /** Base delay before a retry. */
    delayMs: setting(milliseconds(0, 30 * DAY_MS), { variable: 'BACKOFF_MS', required: true }),
    /** Longest delay before a retry. */
    maxDelayMs: setting(milliseconds(0, YEAR_MS), {}),
    /** Share of the delay that is random: a delay d becomes a value from d·(1−jitter) to d. */
    jitter: setting(numberFrom(0, 1), {}),
  },
  /** Time that one attempt may take before the handler's signal aborts. */
  timeoutMs: setting(milliseconds(1, DAY_MS), { variable: 'TIMEOUT_MS', required: true }),
};

/** What a queue's definition may leave to the library. */
const WITH_DEFAULTS = {
  /** Jobs that may wait (waiting + delayed + paused) before adds are refused. */
  maxWaiting: setting(wholeNumber(1, 1_000_000_000), { default: 1_000_000 }),
  /** Idempotency keys remembered at a time; when there are more, those whose `ttl` ends next are forgotten before it. */
  maxIdempotencyKeys: setting(wholeNumber(1, 1_000_000_000), { default: 1_000_000 }),
  /** Shortest time between two runs of a schedule. */
  minRepeatMs: setting(milliseconds(1, DAY_MS), { default: 1_000 }),
  /** Largest payload, measured as JSON. */
  maxPayloadBytes: setting(wholeNumber(2, 64 * MEBIBYTE, 'bytes'), { default: MEBIBYTE }),
  /**
   * How long a job waits for another version of the app when no worker so far knows its name or the version of its payload;
   * then it becomes a dead letter. It spends no attempts. 0: at once.
   */
  waitForVersionMs: setting(milliseconds(0, 30 * DAY_MS), {
    default: DAY_MS,
    variable: 'WAIT_FOR_VERSION_MS',
  }),
  /** How long finished jobs are kept, and how many. Enforced as jobs finish, and by a sweeper on a schedule. */
  retention: {
    /** Completed jobs: at most this old … */
    completedAgeMs: setting(milliseconds(0, 10 * YEAR_MS), { default: DAY_MS }),
    /** … and at most this many. */
    completedCount: setting(wholeNumber(0, 10_000_000), { default: 1_000 }),
    /** Dead letters: at most this old, … */
    failedAgeMs: setting(milliseconds(60_000, 10 * YEAR_MS), { default: 7 * DAY_MS }),
    /** … at most this many, … */
    failedCount: setting(wholeNumber(1, 10_000_000), { default: 100_000 }),
    /** … and at most about this many bytes; the oldest go first. */
    failedBytes: setting(wholeNumber(65_536, 1_099_511_627_776, 'bytes'), { default: 256 * MEBIBYTE }),
  },
};

/** Every setting of a queue. */
export const QUEUE_SETTINGS = { ...OF_EACH_QUEUE, ...WITH_DEFAULTS };

/** What a host may tune per queue, by options or environment. */
export interface QueueSettings extends ReadOptions<typeof QUEUE_SETTINGS> {}

/** Delay before retry n (n = 1 after the first failure): `fixed` → delayMs; `exponential` → delayMs · 2^(n−1). */
export interface BackoffPolicy extends ReadOptions<typeof OF_EACH_QUEUE.backoff> {}

/** How long finished jobs are kept, and how many. Enforced as jobs finish, and by a sweeper on a schedule. */
export interface RetentionPolicy extends ReadOptions<typeof WITH_DEFAULTS.retention> {}

/** The settings of a queue that a host overrides; whatever it leaves out stays as the queue defines it. */
export interface QueueOverrides extends GivenOptions<typeof QUEUE_SETTINGS> {
  /** Which of its jobs may start when, in place of all that the queue's definition says of it. */
  readonly flow?: FlowPolicy;
}

/** The settings that a definition states: all those without a library-wide default, and any of the others. */
export type DefinedSettings = ReadOptions<typeof OF_EACH_QUEUE> & GivenOptions<typeof WITH_DEFAULTS>;

/** Library-wide defaults of every queue. */
export const QUEUE_DEFAULTS = Object.freeze(defaultsOf(WITH_DEFAULTS));
