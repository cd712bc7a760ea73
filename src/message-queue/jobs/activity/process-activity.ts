import { MessageQueueError } from '../../../kernel/errors.js';
import { COUNTER_AT, emptyRecord, OTHER_JOBS, RUNS_AT, WAITS_AT, bucketOf } from './activity-record.js';
import type { ActivityRecord } from './activity-record.js';

/** Why jobs became dead letters. A cancelled one is kept among them, though nothing is wrong with it. */
export const DEAD_REASONS = [
  'attempts_spent',
  'unrecoverable',
  'invalid_payload',
  'unknown_job',
  'crash_loop',
  'cancelled',
] as const;

/** One of {@link DEAD_REASONS}. */
export type DeadReason = (typeof DEAD_REASONS)[number];

/** What was counted of the jobs of one name in one queue, in this process since its start. */
export interface ProcessSeries {
  readonly queue: string;
  /** Of the queue's definition; else `other`. */
  readonly job: string;
  /** Only ever grows. To be read only. */
  readonly record: ActivityRecord;
  readonly dead: ReadonlyMap<DeadReason, number>;
}

/** Adds of one queue that were refused for one reason, in this process since its start. */
export interface RefusedAdds {
  readonly queue: string;
  /** Code of the error in small letters, such as `queue_full`; `other` for what has none, and for codes beyond the first 30. */
  readonly reason: string;
  readonly count: number;
}

/** No wait or run that is counted is longer, milliseconds: what a record of a wrong time claims must not spoil the sums. */
const LONGEST_MS = 365 * 24 * 60 * 60 * 1_000;
/** Different reasons of refusals that are counted apart. */
const MOST_REASONS = 30;
/** Code of an `EnqueueTimeoutError`: the job may be there. */
const OUTCOME_UNKNOWN = 'ENQUEUE_TIMEOUT';
/** It was added, and has run. */
const HAS_FAILED = 'JOB_FAILED';

const { added, refused, completed, failed, retried, deferred, dead, timedOut } = COUNTER_AT;
const { crashed, cancelled, expired, shredded, waitMs, runMs } = COUNTER_AT;

/** Counts the jobs of one name in one queue. Every job passes here several times: it adds to numbers, and makes no objects. */
export class SeriesCounts implements ProcessSeries {
  readonly record = emptyRecord();
  readonly dead = new Map<DeadReason, number>();
  /** When a run last started or ended here, by the clock of the caller; null before the first. */
  movedAt: number | null = null;

  constructor(
    readonly queue: string,
    readonly job: string,
  ) {}

  /** A job was added. */
  added(): void {
    this.count(added);
  }

  /** A handler starts. @param waited since the job could run, milliseconds @param at for `movedAt` */
  started(waited: number, at: number): void {
    this.movedAt = at;
    this.note(waited, waitMs, WAITS_AT);
  }

  /** A run ended well. @param ran milliseconds @param at for `movedAt` */
  completed(ran: number, at: number): void {
    this.movedAt = at;
    this.count(completed);
    this.note(ran, runMs, RUNS_AT);
  }

  /** An attempt failed. @param ran milliseconds @param at for `movedAt` */
  failed(ran: number, at: number, isTimeout: boolean): void {
    this.movedAt = at;
    this.count(failed);
    if (isTimeout) this.count(timedOut);
    this.note(ran, runMs, RUNS_AT);
  }

  /** A job was put back for another attempt. */
  retried(): void {
    this.count(retried);
  }

  /** A run spent no attempt. */
  deferred(): void {
    this.count(deferred);
  }

  /** The worker of a run died. */
  crashed(): void {
    this.count(crashed);
  }

  /** A job became a dead letter. */
  died(reason: DeadReason): void {
    this.count(dead);
    this.dead.set(reason, (this.dead.get(reason) ?? 0) + 1);
  }

  /** A job was cancelled: it is kept among the dead letters, and is none of them. */
  cancelled(): void {
    this.count(cancelled);
    this.dead.set('cancelled', (this.dead.get('cancelled') ?? 0) + 1);
  }

  /** A job did not start in time. */
  expired(): void {
    this.count(expired);
  }

  /** A job ended because what it was about was erased. */
  shredded(): void {
    this.count(shredded);
  }

  /** An add was refused. */
  refused(): void {
    this.count(refused);
  }

  private count(counter: number): void {
    this.record[counter] = (this.record[counter] as number) + 1;
  }

  private note(ms: number, sumAt: number, bucketsAt: number): void {
    // Also for NaN, and for what ends before it began because a clock was set.
    const lasted = ms > 0 ? Math.min(ms, LONGEST_MS) : 0;
    this.record[sumAt] = (this.record[sumAt] as number) + lasted;
    this.count(bucketsAt + bucketOf(lasted));
  }
}

/** What series are made of: the job names of a queue. */
export interface CountedQueue {
  readonly name: string;
  readonly jobs: Readonly<Record<string, unknown>>;
}

/**
 * What this process counted since its start, by queue and job name: the source of its own metrics, and of what it adds to the activity that
 * the broker keeps for all. Names come from definitions; whatever else stands in a job is counted as `other`, so that nothing a caller
 * writes makes a series.
 */
export class ProcessActivity {
  private readonly byQueue = new Map<string, Map<string, SeriesCounts>>();
  private readonly all: SeriesCounts[] = [];
  private readonly refusals = new Map<string, Map<string, number>>();
  private readonly jobsOf: ReadonlyMap<string, CountedQueue['jobs']>;
  private apart = 0;
  private isFull = false;

  /** @param maxSeries how many pairs of queue and job name are counted apart; default 100. `other` of each queue comes beside them */
  constructor(
    queues: readonly CountedQueue[] = [],
    private readonly maxSeries = 100,
  ) {
    this.jobsOf = new Map(queues.map(({ name, jobs }) => [name, jobs]));
  }

  /** Whether job names are counted as `other` because there are more than `maxSeries`. */
  get isBeyondLimit(): boolean {
    return this.isFull;
  }

  /** Everything that was counted, in the order in which it began. */
  get series(): readonly SeriesCounts[] {
    return this.all;
  }

  /** Refused adds by queue and reason. */
  get refused(): readonly RefusedAdds[] {
    return [...this.refusals].flatMap(([queue, reasons]) =>
      [...reasons].map(([reason, count]) => ({ queue, reason, count })),
    );
  }

  /** Where the jobs of a name are counted. */
  of(queue: string, job: string): SeriesCounts {
    return this.byQueue.get(queue)?.get(job) ?? this.make(queue, job);
  }

  /** An add was refused. Of a queue that nobody has registered, and of one whose outcome is not known, nothing is counted. */
  refuse(queue: string, job: string, error: unknown): void {
    const code = error instanceof MessageQueueError ? error.code : 'other';
    if (!this.jobsOf.has(queue) || code === OUTCOME_UNKNOWN || code === HAS_FAILED) return;
    this.of(queue, job).refused();
    const reasons = this.refusals.get(queue) ?? new Map<string, number>();
    this.refusals.set(queue, reasons);
    const named = code.toLowerCase();
    const reason = reasons.has(named) || reasons.size < MOST_REASONS ? named : 'other';
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }

  /** When a run of the queue last started or ended here; null before the first. */
  movedAt(queue: string): number | null {
    const times = [...(this.byQueue.get(queue)?.values() ?? [])].flatMap(({ movedAt }) => movedAt ?? []);
    return times.length === 0 ? null : Math.max(...times);
  }

  private make(queue: string, job: string): SeriesCounts {
    const jobs = this.jobsOf.get(queue);
    const isNamed = jobs !== undefined && Object.hasOwn(jobs, job) && job !== OTHER_JOBS;
    const isApart = isNamed && this.apart < this.maxSeries;
    if (isNamed && !isApart) this.isFull = true;
    const ofQueue = this.byQueue.get(queue) ?? new Map<string, SeriesCounts>();
    this.byQueue.set(queue, ofQueue);
    const name = isApart ? job : OTHER_JOBS;
    const known = ofQueue.get(name);
    if (known !== undefined) return known;
    const counts = new SeriesCounts(queue, name);
    if (isApart) this.apart += 1;
    ofQueue.set(name, counts);
    this.all.push(counts);
    return counts;
  }
}
