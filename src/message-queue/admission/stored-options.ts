import type { BackoffOptions } from 'bull';
import type { ManagedJobOptions } from '../jobs/managed-job.js';
import type { QueueSettings } from '../jobs/queue-settings.js';
import { MESSAGE_QUEUE_BACKOFF } from '../jobs/retry-policy.js';
import { packedRecord, unpackedRecord } from './stored-failures.js';

/**
 * How options are stored: what differs from the queue's definition, and nothing that stands in a field of its own; and
 * `attempts` always, because plain Bull and versions before read a job without them as one that runs once. What was left
 * out, and `attempts` marked as the queue's (`mq.defaultAttempts`), follow the definition of whoever reads the job, so a
 * changed default counts for the jobs that wait already.
 *
 * Options that name their `timestamp` are complete: those of plain Bull producers, of schedules, and of versions before.
 */

/** What a job's other fields say of its options. */
export interface OptionFields {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** On Bull's scale; 0 for none. */
  readonly priority: number;
}

/** The options of a queue's jobs that ask for nothing else. */
interface DefaultOptions {
  readonly backoff: BackoffOptions;
  readonly removeOnComplete: number;
  readonly removeOnFail: false;
  readonly stackTraceLimit: number;
}

/** Stack traces kept per job unless the caller sets it: that of the last failure. Our records say when and why the others failed. */
export const STACK_TRACES = 1;

/** The level of a job without the field `priority`, on Bull's scale: `JobPriority.NORMAL`. */
const DEFAULT_PRIORITY = 6;

const known = new WeakMap<QueueSettings, DefaultOptions>();

/** What a queue's definition says of every option that is not given; shared and frozen. */
export function defaultOptionsOf(settings: QueueSettings): DefaultOptions {
  let defaults = known.get(settings);
  if (defaults === undefined) {
    const { backoff, retention } = settings;
    defaults = {
      backoff: Object.freeze({
        type: MESSAGE_QUEUE_BACKOFF,
        delay: backoff.delayMs,
        options: Object.freeze({ ...backoff }),
      }),
      removeOnComplete: retention.completedCount,
      removeOnFail: false,
      stackTraceLimit: STACK_TRACES,
    };
    known.set(settings, defaults);
  }
  return defaults;
}

/** The level that the field `priority` of a stored job says, on Bull's scale; 0 for none. */
export function storedPriority(field: string | null | undefined): number {
  return field === null || field === undefined ? DEFAULT_PRIORITY : Number(field) || 0;
}

/** The field `priority` of a job to be stored; empty text where it is left out. */
export function priorityField(priority: number): number | '' {
  return priority === DEFAULT_PRIORITY ? '' : priority;
}

/** What is stored of a job's complete options; all of them where something is missing that would be filled in. */
export function compactOptions(
  settings: QueueSettings,
  options: ManagedJobOptions,
  fields: OptionFields,
): ManagedJobOptions {
  if (!isFillable(settings, options, fields)) return packed(options);
  const { jobId: _id, timestamp: _timestamp, priority: _priority, ...rest } = options;
  const { delay, attempts, backoff, removeOnComplete, removeOnFail, stackTraceLimit, mq, ...others } = rest;
  const defaults = defaultOptionsOf(settings);
  return {
    attempts,
    ...others,
    ...(delay !== 0 && { delay }),
    ...(!isSame(backoff, defaults.backoff) && { backoff }),
    ...(removeOnComplete !== defaults.removeOnComplete && { removeOnComplete }),
    ...(removeOnFail !== defaults.removeOnFail && { removeOnFail }),
    ...(stackTraceLimit !== defaults.stackTraceLimit && { stackTraceLimit }),
    ...(mq !== undefined && Object.keys(mq).length > 0 && { mq: packedRecord(mq) }),
  };
}

/**
 * What is stored of the options of a job that asks for nothing but a level: {@link compactOptions} as a text.
 * @param version of the payload, unless it is the first
 */
export function ordinaryOptions({ attempts }: QueueSettings, version?: number): string {
  const mq = { ...(version !== undefined && { version }), defaultAttempts: true as const };
  return JSON.stringify({ attempts, mq } satisfies ManagedJobOptions);
}

/** A job's complete options; those that were stored complete stay as they are. */
export function fullOptions(
  settings: QueueSettings,
  stored: ManagedJobOptions,
  fields: OptionFields,
): ManagedJobOptions {
  return optionsOfJob(filledOptions(settings, stored), fields);
}

/** The first half of {@link fullOptions}: what jobs with the same stored options share. */
export function filledOptions(settings: QueueSettings, stored: ManagedJobOptions): ManagedJobOptions {
  if (stored.timestamp !== undefined) return unpacked(stored);
  const { mq, attempts = settings.attempts } = stored;
  const followed = mq?.defaultAttempts === true ? settings.attempts : attempts;
  return { delay: 0, ...defaultOptionsOf(settings), ...unpacked(stored), attempts: followed };
}

/** The second half of {@link fullOptions}: an object of the job's own. */
export function optionsOfJob(filled: ManagedJobOptions, fields: OptionFields): ManagedJobOptions {
  if (filled.timestamp !== undefined) return { ...filled };
  const { id: jobId, timestamp, priority } = fields;
  return priority === 0 ? { ...filled, jobId, timestamp } : { ...filled, jobId, timestamp, priority };
}

function isFillable(
  settings: QueueSettings,
  options: ManagedJobOptions,
  { id, timestamp, priority }: OptionFields,
): boolean {
  const { repeat, attempts, delay, backoff, removeOnComplete, removeOnFail, stackTraceLimit } = options;
  if (repeat !== undefined || options.jobId !== id || options.timestamp !== timestamp) return false;
  if ((options.priority ?? 0) !== priority) return false;
  // Of a version before, under another definition: they keep theirs.
  if (options.mq?.defaultAttempts === true && attempts !== settings.attempts) return false;
  const areRetriesFilled = attempts !== undefined && delay !== undefined && backoff !== undefined;
  const isRetentionFilled = removeOnComplete !== undefined && removeOnFail !== undefined;
  return areRetriesFilled && isRetentionFilled && stackTraceLimit !== undefined;
}

function packed(options: ManagedJobOptions): ManagedJobOptions {
  const { mq } = options;
  return mq?.failures === undefined ? options : { ...options, mq: packedRecord(mq) };
}

function unpacked(stored: ManagedJobOptions): ManagedJobOptions {
  const { mq } = stored;
  return mq?.failures === undefined ? stored : { ...stored, mq: unpackedRecord(mq) };
}

function isSame(backoff: unknown, other: BackoffOptions): boolean {
  return backoff === other || JSON.stringify(backoff) === JSON.stringify(other);
}
