import type { BackoffOptions } from 'bull';
import type { ManagedJobOptions, ManagedJobRecord } from '../../../jobs/managed-job.js';
import { OWN_ID } from './stored-job.js';
import type { StoredOptions } from './stored-job.js';

/** The facade's levels on Bull's scale, and 0 for none; for other priorities no options are kept. */
const LEVELS: ReadonlySet<number> = new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);

/**
 * Turns admitted options into stored ones that take little room: one frozen object for all ordinary jobs of a level, and
 * for the others one shape, and one object for what nearly all of them have in common.
 */
export class CompactOptions {
  private readonly ordinary: StoredOptions[] = [];
  private backoff: BackoffOptions | null = null;
  private record: ManagedJobRecord | null = null;

  /** @param admit fills in what the queue's definition says */
  constructor(private readonly admit: (options: ManagedJobOptions) => ManagedJobOptions) {}

  of(options: ManagedJobOptions): StoredOptions {
    const { priority = 0 } = options;
    if (!LEVELS.has(priority)) return this.compact(options);
    const ordinary = this.ordinaryAt(priority);
    return isOrdinary(options, ordinary) ? ordinary : this.compact(options);
  }

  /** The options of jobs for which nothing but a level was asked: on Bull's scale, 0 for none. */
  ordinaryAt(level: number): StoredOptions {
    return (this.ordinary[level] ??= frozenCopy(
      this.compact(this.admit(level === 0 ? {} : { priority: level })),
    ));
  }

  private compact(options: ManagedJobOptions): StoredOptions {
    const { attempts, delay, priority, lifo, debounce, repeat, mq } = options;
    const stored: { -readonly [Key in keyof StoredOptions]: StoredOptions[Key] } = {
      // A schedule's is not the id of its runs.
      jobId: repeat === undefined ? OWN_ID : options.jobId,
      attempts: attempts ?? 1,
      backoff: this.shareBackoff(options.backoff),
      delay: delay ?? 0,
      removeOnComplete: options.removeOnComplete,
      removeOnFail: options.removeOnFail,
      stackTraceLimit: options.stackTraceLimit,
    };
    if (mq !== undefined) stored.mq = this.shareRecord(mq);
    if (priority !== undefined) stored.priority = priority;
    if (lifo !== undefined) stored.lifo = lifo;
    if (debounce !== undefined) stored.debounce = debounce;
    if (repeat !== undefined) stored.repeat = repeat;
    return stored;
  }

  private shareBackoff(backoff: ManagedJobOptions['backoff']): ManagedJobOptions['backoff'] {
    if (typeof backoff !== 'object') return backoff;
    if (this.backoff === null || !isSame(this.backoff, backoff)) this.backoff = backoff;
    return this.backoff;
  }

  private shareRecord(mq: ManagedJobRecord): ManagedJobRecord {
    if (this.record === null || !isSame(this.record, mq)) this.record = mq;
    return this.record;
  }
}

/** Whether admitted options are those of an ordinary job of their level. */
function isOrdinary(options: ManagedJobOptions, ordinary: StoredOptions): boolean {
  const { delay, lifo, debounce, repeat, mq = {} } = options;
  return (
    (delay ?? lifo ?? debounce ?? repeat) === undefined &&
    options.attempts === ordinary.attempts &&
    options.removeOnComplete === ordinary.removeOnComplete &&
    options.stackTraceLimit === ordinary.stackTraceLimit &&
    isSame(mq, ordinary.mq ?? {}) &&
    isSame(options.backoff as BackoffOptions, ordinary.backoff as BackoffOptions)
  );
}

/** Equal as JSON would have it, for small plain objects. */
function isSame(a: object, b: object): boolean {
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => {
    const [left, right] = [(a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]];
    if (typeof left !== 'object' || left === null) return left === right;
    return typeof right === 'object' && right !== null && isSame(left, right);
  });
}

function frozenCopy<Value extends object>(value: Value): Readonly<Value> {
  const copy = Object.entries(value).map(([key, inner]: [string, unknown]) => {
    const isObject = typeof inner === 'object' && inner !== null;
    return [key, isObject ? frozenCopy(inner) : inner] as const;
  });
  return Object.freeze(Object.fromEntries(copy)) as Value;
}
