import type { Job, Queue } from 'bull';
import type { ReplayRecord } from '../jobs/managed-job.js';
import type { MessageQueueError } from '../../kernel/errors.js';
import type { SealableQueue } from '../jobs/sealing/payload-seal.js';
import type { TextPass, TextReader, TextReport } from '../jobs/sealing/stored-texts.js';
import type { RunBatch, RunJob, TakenJob } from '../jobs/taken-job.js';
import type { ActivityStore } from './activity-store.js';
import type { AddOutcome, AddRequest, BulkAddOutcome } from './adds.js';
import type { AbandonedQueue, UnknownJobs } from './rules/other-releases.js';
import type { GroupsOfQueue } from './groups-of-queue.js';
import type { JobsOfQueue } from './jobs-of-queue.js';
import type { SchedulesOfQueue } from './rules/schedules/schedule-care.js';
import type { QueueSnapshot, SpoolDepth } from './queue-snapshot.js';
import type { SharedRates } from './shared-rates.js';
import type { ProviderName, ServerReport } from './server-report.js';
import type { StoreLoss } from './store-loss.js';

/** The part of a queue's life that happens in this process. */
export interface QueueWorker {
  /** Runs that have not settled, by job id. */
  readonly active: ReadonlyMap<string, TakenJob>;
  /** No job starts after the promise resolves. Jobs that are active go on. */
  stopFetching(): Promise<void>;
  /** Resolves when no run is active. */
  whenIdle(): Promise<void>;
  /** Aborts every active run with a `ShutdownError`; their settlements say what happens to the jobs. */
  abortActive(reason: MessageQueueError): void;
}

export { isOrdinary } from './adds.js';
export type { AddOutcome, AddRequest, BulkAddOutcome, IdempotentAdd, OrdinaryAdd } from './adds.js';
export type { QueueSnapshot, SpoolDepth } from './queue-snapshot.js';
export { refusesAll } from './server-report.js';
export type { ProviderName, ServerFinding, ServerReport } from './server-report.js';
export { lossMessage } from './store-loss.js';
export type { StoreLoss, StoreLossKind } from './store-loss.js';
export type { AbandonedQueue, UnknownJobs, UnknownKind } from './rules/other-releases.js';

/** What part of a failed set to read. */
export interface FailedRange {
  readonly order: 'oldest' | 'newest';
  /** Position of the first job, from 0. */
  readonly start: number;
  /** Jobs to read, at most 1 000. */
  readonly size: number;
  /** Read `data` too: it is most of what a job weighs. */
  readonly payloads: boolean;
}

/** What of Bull's job a dead letter is made of. */
export type FailedJobFields = Pick<
  Job<unknown>,
  | 'id'
  | 'name'
  | 'data'
  | 'opts'
  | 'timestamp'
  | 'processedOn'
  | 'finishedOn'
  | 'attemptsMade'
  | 'failedReason'
  | 'stacktrace'
>;

/** A job of a failed set. `data` is undefined when it was not asked for. */
export interface FailedJob extends FailedJobFields {
  readonly id: string;
  /** Changes whenever the job's record does, and whenever a text in its options is replaced. */
  readonly version: string;
}

/** A dead letter to be replayed or discarded, and as what it was read; by its id alone, whatever it is by now. */
export type LetterTarget = Pick<FailedJob, 'id'> & Partial<Pick<FailedJob, 'version' | 'opts'>>;

/** What a sweep of a failed set did. */
export interface FailedSweep {
  /** Letters that were removed, for whatever reason. */
  readonly removed: number;
  /** Letters dropped for being too many since this was last told to anybody, at most once a minute; else 0. */
  readonly dropped: number;
}

/** What `cancel` did: took the job away, asked the worker that runs it to stop, or found nothing to cancel. */
export type CancelOutcome = 'removed' | 'signalled' | 'not-found' | 'finished';

/**
 * The inner seam: what Bull's `Queue` interface cannot say. Everything else goes through the `Queue` that
 * `createQueue` returns. Nobody outside of `broker/` reaches for `queue.client`.
 */
export abstract class Broker {
  abstract readonly provider: ProviderName;

  /** The shared rates that jobs ask while they run: the same buckets as those of the queues that name them. */
  abstract readonly rates: SharedRates;

  /** What happened to the jobs of all processes, and which processes there are. */
  abstract readonly activity: ActivityStore;

  /** Whether an add takes as long as its job runs: of several, none begins before the one before it has ended. */
  get addsInTurn(): boolean {
    return false;
  }

  /** What waits on this process' disk; null when adds are not spooled. */
  get spooled(): SpoolDepth | null {
    return null;
  }

  /**
   * Whole milliseconds since the epoch by the clock that decides when jobs are due and how old they are: that of Redis; in memory one
   * that goes on evenly. What is compared with a time that is stored with a job is read from here.
   */
  abstract now(): number;

  /**
   * The queue that hosts inject. Its `add` and `addBulk` check options, generate ids and keep the enqueue deadline;
   * its `process` is refused (our worker runs the jobs) with an error that shows `@JobHandler`.
   * @param options `isOwn: false` opens a queue that only others have: this process does not keep it from being called abandoned
   */
  abstract createQueue(definition: SealableQueue, options?: { readonly isOwn: boolean }): Queue;

  /** Adds a job once: idempotency ledger, backpressure and the add are one atomic step. */
  abstract addOnce(queue: Queue, request: AddRequest): Promise<AddOutcome>;

  /**
   * Like `addOnce` for many; outcomes in the order of the requests. Never rejects for a single job's sake. What is added by a later call
   * comes behind all of them, even if this one was not waited for.
   */
  abstract addMany(queue: Queue, requests: readonly AddRequest[]): Promise<BulkAddOutcome[]>;

  /**
   * Starts to run the queue's jobs in this process, at most `concurrency` at the same time over all names.
   * @param runBatch runs the members of a batch, which count as one. Default: each is run alone, one after the other
   */
  abstract work(queue: Queue, concurrency: number, run: RunJob, runBatch?: RunBatch): Promise<QueueWorker>;

  /**
   * Cancels a job wherever it is. A waiting or delayed one moves to the failed set with `opts.mq.cancelled`;
   * for an active one the signal of the worker that runs it aborts with `CancelledError`, in whichever process.
   */
  abstract cancel(queue: Queue, jobId: string, reason: string): Promise<CancelOutcome>;

  /**
   * Jobs of the failed set by position, in one round trip; null where a job is gone or its stored text cannot be read.
   * Without payloads, `failures` of a job's record stand for its stack traces: `stacktrace` is only read where there are none.
   */
  abstract readFailed(queue: Queue, range: FailedRange): Promise<(FailedJob | null)[]>;

  /**
   * Puts dead letters back to waiting, in the order given: attempts start at 0 again, `replay` is appended to
   * `opts.mq.replays`. Each moves in one step: a crash in the middle leaves the rest where they were.
   * @returns the ids that were replayed; the others are not in the failed set (any more)
   */
  abstract replay(
    queue: Queue,
    jobs: readonly LetterTarget[],
    replay: ReplayRecord,
  ): Promise<ReadonlySet<string>>;

  /**
   * Removes dead letters for good, each in one step. One that has left the failed set since it was read, and come back, stays: what it
   * failed of now nobody has seen.
   * @returns the ids that were removed; the others are not in the failed set (any more), or have changed
   */
  abstract discard(queue: Queue, jobs: readonly LetterTarget[]): Promise<ReadonlySet<string>>;

  /**
   * Removes dead letters that are older than the queue's `retention` allows, and the oldest of those that are more, in number or bytes:
   * at most `step`. A job that becomes a dead letter drops what is too many by then itself.
   */
  abstract sweepFailed(queue: Queue, step: number): Promise<FailedSweep>;

  /**
   * Removes all waiting, paused and delayed jobs, in steps of at most 1 000, and frees their idempotency keys. A paused queue
   * stays paused, and schedules plan their runs again. @returns how many were removed
   */
  abstract purge(queue: Queue): Promise<number>;

  /** The jobs of a queue, whatever their state, for what is to leave no trace. */
  abstract jobsOf(queue: Queue): JobsOfQueue;

  /**
   * Shows the sealed texts of all that is stored of a queue (jobs in every state, schedules, what is spooled here) to `read`, in pages of at
   * most 250 jobs and about 1 MiB, and stores what it wants replaced: each text only if it still stands where it was, and never that of
   * an active job. What moves meanwhile against the direction of the pass may be missed, and any that moves may be shown twice.
   * @throws what `read` throws; signal.reason. What was replaced until then stays replaced
   */
  abstract replaceTexts(queue: Queue, read: TextReader, pass?: TextPass): Promise<TextReport>;

  /** The schedules of a queue. */
  abstract schedulesOf(queue: Queue): SchedulesOfQueue;

  /** The groups of a queue: of its keys, tenants and batches. */
  abstract groupsOf(queue: Queue): GroupsOfQueue;

  /** Counts, pause state and age of the oldest waiting job. Asking for many queues at once costs one round trip. */
  abstract snapshot(queue: Queue): Promise<QueueSnapshot>;

  /** Jobs that wait for another version of the app. */
  abstract readUnknown(queue: Queue): Promise<UnknownJobs>;

  /** Queues with jobs to run that no process has registered for five minutes. */
  abstract readAbandoned(): Promise<AbandonedQueue[]>;

  /** Checks the server for what this library needs. Never rejects: an unreachable server is a finding. */
  abstract inspectServer(): Promise<ServerReport>;

  /** Calls back each time this process learns that jobs were lost; only Redis loses any while the process lives. */
  abstract onLoss(listener: (loss: StoreLoss) => void): void;

  /** Somebody has dealt with what was lost: health is well again, of the whole fleet. @returns whether anything had been */
  abstract acknowledgeLoss(): Promise<boolean>;

  /** Closes queues, then connections, and waits for both. Safe to call twice. */
  abstract close(): Promise<void>;
}
