import type { JobOptions } from 'bull';
import type { MessageQueueError } from '../../../../kernel/errors.js';
import type { ManagedJobRecord } from '../../../jobs/managed-job.js';
import { couldRunAt } from '../../../jobs/taken-job.js';
import { readablePayload } from '../../rules/ended-job.js';
import type { endedJob } from '../../rules/ended-job.js';
import type { Membership } from './gates/membership.js';
import type { JobList } from './lanes/job-list.js';

/** Where a job is. `paused` is not a state of its own here: it is `waiting` while the queue is paused for all. Of `expired` Bull knows nothing: to it such a job is stuck. */
export type StoredState = 'waiting' | 'active' | 'delayed' | 'completed' | 'failed' | 'expired';

/** As `jobId` in stored options: the job's own id. No job can have it as an id. */
export const OWN_ID = '\0';

/**
 * Bull's options as they are stored: defaults filled in, JSON-safe. Never changed in place: jobs share them, which is why
 * the time of the add, and mostly the id, stand beside them. {@link fullOptions} has all.
 */
export interface StoredOptions extends JobOptions {
  readonly attempts: number;
  readonly delay: number;
  /** Written by the repeat schedule: when the run before this one was due. */
  readonly prevMillis?: number;
  /** Largest payload in bytes as JSON. */
  readonly sizeLimit?: number;
  readonly mq?: ManagedJobRecord;
}

/** Stored options with what stands beside them, as Bull shows them. */
export interface FullOptions extends StoredOptions {
  readonly timestamp: number;
}

/** A job that ends without having run, as its end tells of it. */
export function unstartedJob({
  id,
  name,
  options: opts,
  attemptsMade,
  data,
}: StoredJob): Parameters<typeof endedJob>[0] {
  return { id, name, opts, attemptsMade, data: readablePayload(data) };
}

const NO_TRACES: readonly string[] = [];

/** The options of a job as Bull shows them: an object of the caller's own, in which shared ones may stand. */
export function fullOptions({
  id,
  options,
  timestamp,
}: Pick<StoredJob, 'id' | 'options' | 'timestamp'>): FullOptions {
  const full = { ...options, timestamp };
  if (full.jobId === OWN_ID) full.jobId = id;
  return full;
}

/** What only jobs that ran (or were looked after) have; kept apart so that a waiting job stays small. */
export interface JobHistory {
  processedOn: number | undefined;
  finishedOn: number | undefined;
  retriedOn: number | undefined;
  /** Replaced, never changed in place. */
  stacktrace: readonly string[];
  failedReason: string | undefined;
  /** JSON text. */
  returnvalue: string | undefined;
  /** JSON text. */
  progress: string | undefined;
  logs: string[] | null;
  /** Why its run is to stop; asked for while it was active. */
  stopReason: MessageQueueError | undefined;
  /** When the job was first passed on, and the version of its payload; until a worker knows it. */
  unknown: { readonly since: number; readonly version: number } | undefined;
  /** Since when somebody outside makes it wait, milliseconds since the epoch. */
  waitsSince: number | undefined;
  /** Until when it was put off last, for another try, milliseconds since the epoch. */
  putOffUntil: number | undefined;
}

/** A job as the memory provider keeps it. Knows its place in the list or heap that holds it, so leaving is cheap. */
export class StoredJob {
  prev: StoredJob | null = null;
  next: StoredJob | null = null;
  list: JobList<StoredJob> | null = null;
  /** Place in the heap of delayed jobs, −1 outside of it. */
  heapIndex = -1;
  /** When a delayed job is due, milliseconds since the epoch. */
  runAt = 0;
  /** By when it must have started, milliseconds since the epoch; null when it need not, or has. */
  expiresAt: number | null = null;
  /** Order of arrival in its present state. */
  sequence = 0;
  /** Null when it belongs to no group. */
  membership: Membership | null = null;
  /** Null once it was removed. */
  state: StoredState | null = null;
  /** Held by whoever runs the job; a locked job cannot be removed. */
  locked = false;
  attemptsMade = 0;
  history: JobHistory | null = null;

  constructor(
    readonly id: string,
    readonly name: string,
    /** The payload as JSON text. */
    public data: string,
    public options: StoredOptions,
    /** When it was added, as its options said, milliseconds since the epoch. */
    readonly timestamp: number,
    public delay: number,
    /** What the job counts for against `maxBytes`. */
    public bytes: number,
  ) {}

  /** From when it could run that waits now, milliseconds since the epoch. */
  get couldRunAt(): number {
    return couldRunAt(this.timestamp, this.options, this.history?.putOffUntil);
  }

  /** The history, begun when there is none. */
  remember(): JobHistory {
    this.history ??= {
      processedOn: undefined,
      finishedOn: undefined,
      retriedOn: undefined,
      stacktrace: NO_TRACES,
      failedReason: undefined,
      returnvalue: undefined,
      progress: undefined,
      logs: null,
      stopReason: undefined,
      unknown: undefined,
      waitsSince: undefined,
      putOffUntil: undefined,
    };
    return this.history;
  }
}
