import { Issues } from '../../kernel/values/issues.js';
import { worded } from '../../kernel/values/kind.js';
import { milliseconds, record, wholeNumber } from '../../kernel/values/kinds.js';
import { InvalidJobOptionsError } from '../jobs/errors.js';
import { checkDueTime } from './flow/due-time.js';
import { checkGroups } from './flow/group-rules.js';
import { JOB_ID } from './job-id.js';
import type { FlowPolicy } from '../jobs/flow/flow-policy.js';
import { GROUP_ID } from '../jobs/flow/group-id.js';
import { JobPriority, toBullPriority } from '../jobs/job-priority.js';
import type { ManagedJobOptions, ManagedJobRecord } from '../jobs/managed-job.js';
import {
  ATTEMPTS,
  checkMetadata,
  CORRELATION_ID,
  DELAY_MS,
  EXPIRES_IN_MS,
  IDEMPOTENCY_KEY,
  TIMEOUT_MS,
} from './option-rules.js';
import { FIRST_VERSION } from '../jobs/queue-definition.js';
import { checkRepeat } from './repeat-rules.js';
import { MAX_DELAY_MS } from '../jobs/retry-policy.js';

/** How long an idempotency key is remembered by default: 24 h in milliseconds. */
export const DEFAULT_IDEMPOTENCY_TTL_MS = 24 * 60 * 60 * 1000;

/** Bounds of every schedule. */
export interface RepeatBounds {
  /** No run before this. */
  readonly startDate?: Date | string | number;
  /** No run after this. */
  readonly endDate?: Date | string | number;
  /** Total number of runs. */
  readonly limit?: number;
}

/** By calendar: `cron` has 5 fields, or 6 with seconds first; `tz` is an IANA time zone, default the worker's. */
export interface CronSchedule extends RepeatBounds {
  readonly cron: string;
  readonly tz?: string;
  readonly every?: never;
}

/** At a fixed interval, milliseconds. */
export interface IntervalSchedule extends RepeatBounds {
  readonly every: number;
  readonly cron?: never;
  readonly tz?: never;
}

/** What every `add…` of the facade takes besides the payload. */
export interface EnqueueOptions {
  /** 1 to 10, 10 first; FIFO within a level. Default `JobPriority.NORMAL` (5). */
  readonly priority?: JobPriority;
  /** Earliest start, in milliseconds from now, at most five years. Default 0. */
  readonly delay?: number;
  /**
   * When it is due, a Date or milliseconds since the epoch, by the broker's clock: however wrong that of this machine is. At most five
   * years ahead; a time that has passed is now. Excludes `delay` and `repeat`.
   */
  readonly deliverAt?: Date | number;
  /** It must start within this many milliseconds from when it is due, from 1, or it ends as `expired`. Default: never. */
  readonly expiresIn?: number;
  /**
   * What must stay in order, such as a conversation: jobs of one key run one after the other, or as many at a time as the queue's
   * `flow.key` says, which must be declared. An id, 1 to 128 printable characters: visible in Redis and on the board. Default: what
   * `flow.key.of` tells of the payload.
   */
  readonly key?: string;
  /** Who must not crowd out others, by the queue's `flow.tenant`; an id like `key`. Default: what `flow.tenant.of` tells of the payload. */
  readonly tenant?: string;
  /** Makes it a schedule, identified by queue, job name and schedule. Excludes `delay`, `deliverAt` and `idempotencyKey`. */
  readonly repeat?: CronSchedule | IntervalSchedule;
  /** The same key with the same payload adds one job, even after that job is gone; a different payload is an error. */
  readonly idempotencyKey?: string;
  /** How long the key is remembered, milliseconds. Default 24 h. */
  readonly ttl?: number;
  /** Shown in logs, events and dead letters. Default: the job's id. */
  readonly correlationId?: string;
  /** Up to 32 small values that travel with the job. Never message content. */
  readonly metadata?: Readonly<Record<string, string | number | boolean>>;
  /** Time one attempt may take, milliseconds. Overrides the handler's and the queue's. */
  readonly timeoutMs?: number;
  /** Attempts before it becomes a dead letter. Overrides the handler's and the queue's. */
  readonly attempts?: number;
  /** An id of your own; while a job with it exists, the add is ignored. Default: generated. Prefer `idempotencyKey`. */
  readonly jobId?: string;
  /** Deadline of this add, milliseconds. Default: `enqueueTimeoutMs` of the module, 2 s. */
  readonly deadlineMs?: number;
}

/** The facade's options, translated for the broker. */
export interface MappedEnqueueOptions {
  /** Not yet checked by `admitJob`. */
  readonly options: ManagedJobOptions;
  readonly idempotency?: { readonly key: string; readonly ttlMs: number };
  /** CRITICAL jobs may use the queue's reserve. */
  readonly critical: boolean;
  readonly deadlineMs?: number;
  /** When it is due, milliseconds since the epoch by the broker's clock, in place of a delay. */
  readonly dueAt?: number;
}

/** What of a queue its jobs' options depend on. */
export interface QueueOfOptions {
  /** Shortest time between two runs of a schedule. Default 1 ms. */
  readonly minRepeatMs?: number;
  /** Of the payload. Default 1. */
  readonly version?: number;
  readonly flow?: FlowPolicy;
}

const OPTION_NAMES = [
  'priority',
  'delay',
  'deliverAt',
  'expiresIn',
  'key',
  'tenant',
  'repeat',
  'idempotencyKey',
  'ttl',
  'correlationId',
  'metadata',
  'timeoutMs',
  'attempts',
  'jobId',
  'deadlineMs',
] as const satisfies readonly (keyof EnqueueOptions)[];

const OPTIONS = record();
const PRIORITY = worded(`${wholeNumber(1, 10).expected} (10 first)`, wholeNumber(1, 10));
const IDEMPOTENCY_TTL = milliseconds(1, MAX_DELAY_MS);

const REPEAT_NAMES = ['cron', 'tz', 'every', 'startDate', 'endDate', 'limit'];

/**
 * Checks the facade's options and maps them. Options that are undefined count as not given.
 * @param now milliseconds since the epoch
 * @throws InvalidJobOptionsError listing every problem, unknown options with "did you mean"
 */
export function mapEnqueueOptions(
  place: { readonly queue: string; readonly job: string },
  options: EnqueueOptions = {},
  now: number = Date.now(),
  queue: QueueOfOptions = {},
): MappedEnqueueOptions {
  const { minRepeatMs, version = FIRST_VERSION, flow } = queue;
  const issues = new Issues();
  if (issues.check('options', options, OPTIONS)) {
    checkEnqueueOptions(issues, options);
    checkGroups(issues, flow, place.job, options);
    checkDueTime(issues, options, now);
    if (options.repeat !== undefined) checkSchedule(issues, options, place.job, now, minRepeatMs);
  }
  if (issues.list.length > 0) {
    const headline = `Job "${place.job}" for queue "${place.queue}" cannot be added with these options:`;
    issues.throwIfAny(InvalidJobOptionsError, headline, place);
  }
  const priority = options.priority ?? JobPriority.NORMAL;
  const { idempotencyKey: key, ttl, deadlineMs, deliverAt } = options;
  return {
    options: toManagedOptions(options, priority, version),
    ...(key !== undefined && { idempotency: { key, ttlMs: ttl ?? DEFAULT_IDEMPOTENCY_TTL_MS } }),
    critical: priority >= JobPriority.CRITICAL,
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(deliverAt !== undefined && { dueAt: Math.floor(Number(deliverAt)) }),
  };
}

function toManagedOptions(
  options: EnqueueOptions,
  priority: JobPriority,
  version: number,
): ManagedJobOptions {
  const { delay, repeat, attempts, jobId, correlationId, metadata, timeoutMs, idempotencyKey } = options;
  const { key, tenant, expiresIn } = options;
  const mq: ManagedJobRecord = {
    ...(correlationId !== undefined && { correlationId }),
    ...(metadata !== undefined && { metadata }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...(key !== undefined && { key }),
    ...(tenant !== undefined && { tenant }),
    ...(expiresIn !== undefined && { expiresInMs: expiresIn }),
    ...(version !== FIRST_VERSION && { version }),
  };
  return {
    priority: toBullPriority(priority),
    ...(delay !== undefined && delay > 0 && { delay }),
    ...(repeat !== undefined && { repeat }),
    ...(attempts !== undefined && { attempts }),
    ...(jobId !== undefined && { jobId }),
    ...(Object.keys(mq).length > 0 && { mq }),
  };
}

function checkEnqueueOptions(issues: Issues, options: Readonly<Record<string, unknown>>): void {
  issues.knownKeys('', options, OPTION_NAMES);
  const { priority, delay, attempts, timeoutMs, deadlineMs, correlationId, metadata, jobId } = options;
  const { key, tenant, expiresIn } = options;
  issues.checkGiven('priority', priority, PRIORITY);
  issues.checkGiven('delay', delay, DELAY_MS);
  issues.checkGiven('expiresIn', expiresIn, EXPIRES_IN_MS);
  issues.checkGiven('key', key, GROUP_ID);
  issues.checkGiven('tenant', tenant, GROUP_ID);
  issues.checkGiven('attempts', attempts, ATTEMPTS);
  issues.checkGiven('timeoutMs', timeoutMs, TIMEOUT_MS);
  issues.checkGiven('deadlineMs', deadlineMs, TIMEOUT_MS);
  issues.checkGiven('correlationId', correlationId, CORRELATION_ID);
  if (metadata !== undefined) checkMetadata(issues, 'metadata', metadata);
  issues.checkGiven('jobId', jobId, JOB_ID);
  checkIdempotency(issues, options);
}

function checkIdempotency(issues: Issues, { idempotencyKey, ttl }: Readonly<Record<string, unknown>>): void {
  issues.checkGiven('idempotencyKey', idempotencyKey, IDEMPOTENCY_KEY);
  if (ttl === undefined) return;
  issues.check('ttl', ttl, IDEMPOTENCY_TTL);
  issues.unless(idempotencyKey !== undefined, 'ttl', 'only goes with idempotencyKey');
}

function checkSchedule(
  issues: Issues,
  options: Readonly<Record<string, unknown>>,
  jobName: string,
  now: number,
  minRepeatMs: number | undefined,
): void {
  checkRepeat(issues, jobName, options.repeat, now, { keys: REPEAT_NAMES, minRepeatMs });
  if (typeof options.delay === 'number' && options.delay > 0) {
    issues.add(
      'delay',
      'cannot be combined with repeat, which decides when the job runs; use repeat.startDate',
    );
  }
  if (options.idempotencyKey !== undefined) {
    issues.add(
      'idempotencyKey',
      'cannot be combined with repeat: adding a schedule again never makes a second one',
    );
  }
}
