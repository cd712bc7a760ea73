import { setMaxListeners } from 'node:events';
import Bull from 'bull';
import type { Job, JobCounts, JobId, Queue, QueueOptions } from 'bull';
import { checkBulkList } from '../../../admission/bulk-list.js';
import { isWellFormed } from '../../../../kernel/values/well-formed.js';
import { untilAborted } from '../../../../kernel/time/until-aborted.js';
import { settlesWithin } from '../../../../kernel/time/settles-within.js';
import { BrokerUnavailableError } from '../../../jobs/errors.js';
import type { SealableQueue } from '../../../jobs/sealing/payload-seal.js';
import type { ManagedJobOptions } from '../../../jobs/managed-job.js';
import { addArguments, DEFAULT_JOB_NAME } from '../../rules/bull-arguments.js';
import type { BulkJob } from '../../rules/bull-arguments.js';
import { tellingRefusal } from '../../rules/events/told-refusal.js';
import { guardedEmit } from '../../rules/events/guarded-emit.js';
import { processRefused, workerTwice } from '../../rules/queue-errors.js';
import { bullMethods, internalsOf } from './bull-internals.js';
import { countJobs, emptyLanes, jobRanges, nextJob } from './lanes/lane-reads.js';
import { rejecting } from './bounded-calls.js';
import type { Ask } from './bounded-calls.js';
import { FinishedJobs } from './finished-jobs.js';
import { JobReader } from './job-reader.js';
import { QueueJob } from './queue-job.js';
import { completeHash, readJob } from './read-job.js';
import { answerScheduleCalls } from '../schedules/schedule-calls.js';
import type { QueueSchedules } from '../schedules/schedule-calls.js';

/** How long Bull may take to close a queue that nothing works on any more, milliseconds. */
const BULL_CLOSE_MS = 300;
/** Adds jobs on behalf of the queue; the broker implements it. */
export interface QueueBackend {
  readonly ask: Ask;
  schedules(): QueueSchedules;
  addJob(name: string, data: unknown, options: ManagedJobOptions): Promise<Job<object>>;
  addJobs(jobs: readonly BulkJob[]): Promise<Job<object>[]>;
}

/** The part of a worker that the queue needs for pausing and closing. */
export interface WorkerOfQueue {
  /** Whether it was stopped and nothing runs any more, so that another may take its place. */
  readonly hasEnded: boolean;
  /** Ends the wait for jobs: some are on their way. @returns whether it waited; then it asks for jobs within this tick */
  lookForJobs(): boolean;
  /** Interrupts the wait for jobs and hands back those taken ahead, so that none begins after a pause. */
  yieldJobs(): void;
  stopFetching(): Promise<void>;
  whenIdle(): Promise<void>;
  dispose(): Promise<void>;
}

/**
 * Bull's queue with our promises: `add` and `addBulk` check options, generate ids and keep the enqueue deadline;
 * `process` is refused, because our worker runs the jobs.
 */
export class RedisQueue extends Bull<object> {
  /** What runs its jobs in this process; null where nothing does. */
  worker: WorkerOfQueue | null = null;
  /** Under a name that Bull does not use for something else. */
  private shuttingDown: Promise<void> | null = null;
  /** Whether Bull's queue was ready once: then it stays so. */
  private wasReady = false;
  private readonly ended = new AbortController();
  /** Hidden from JSON: it knows the queue. */
  readonly #finished = new FinishedJobs(this);

  constructor(
    readonly definition: SealableQueue,
    options: QueueOptions,
    private readonly backend: QueueBackend,
  ) {
    super(definition.name, options);
    // Each call that waits for the connection listens; any number may wait.
    setMaxListeners(Infinity, this.ended.signal);
    const reader = new JobReader(this, definition);
    // Nobody waits for it when a listener is added; it rejects when the connection is closed before it was open.
    internalsOf(this)._registerEvent = (event) =>
      bullMethods._registerEvent.call(this, event).catch(() => undefined);
    internalsOf(this).getJobFromId = async (id, { excludeData = false } = {}) =>
      id ? readJob(this, reader, id, excludeData) : undefined;
    answerScheduleCalls(this, () => backend.schedules(), backend.addJob.bind(backend));
  }

  /** Makes a call of Bull's that somebody waits for. */
  get ask(): Ask {
    return this.backend.ask;
  }

  /** Those who wait for jobs of this queue to finish. */
  get finishedJobs(): FinishedJobs {
    return this.#finished;
  }

  /** `prefix:queue:`, the start of every key of this queue. */
  get base(): string {
    return this.toKey('');
  }

  /** Identifies this queue object as the holder of locks and the sender of events. */
  get lockToken(): string {
    return internalsOf(this).token;
  }

  /** While the queue is paused in this process: resolves when it is resumed. */
  get pausedLocally(): Promise<void> | null {
    return internalsOf(this).paused ?? null;
  }

  /** Whether `close()` was called. */
  get isClosed(): boolean {
    return this.shuttingDown !== null;
  }

  attachWorker(worker: WorkerOfQueue): void {
    if (this.worker !== null && !this.worker.hasEnded) throw workerTwice(this.name);
    this.worker = worker;
  }

  /**
   * Jobs are about to be sent from this process: its worker asks for them right behind them, without waiting to be told by Redis.
   * @returns whether it will
   */
  announceJobs(): boolean {
    return this.worker?.lookForJobs() === true;
  }

  override add(...args: unknown[]): Promise<Job<object>> {
    const [name, data, options] = addArguments(args);
    return tellingRefusal(this, name, this.backend.addJob(name, data, options ?? {}));
  }

  /** As Bull emits, but a listener that fails, at once or later, stops nothing. */
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    return guardedEmit(this, event, args);
  }

  /** As in Bull, but rejects when a command of it was refused. */
  override multi(): ReturnType<Queue['multi']> {
    return rejecting(super.multi());
  }

  get schedules(): QueueSchedules {
    return this.backend.schedules();
  }

  /** Plans the runs again that schedules have lost. */
  async keepSchedules(): Promise<void> {
    await this.backend.schedules().keep();
  }

  /** As in Bull. @throws BrokerUnavailableError when the queue is closed before Redis answered */
  override async isReady(): Promise<this> {
    if (this.wasReady) return this;
    await untilAborted(super.isReady(), this.ended.signal);
    this.wasReady = true;
    return this;
  }

  override async getJob(id: JobId): Promise<Job<object> | null> {
    await this.isReady();
    return (await internalsOf(this).getJobFromId(id as string)) as Job<object> | null;
  }

  /** As in Bull, for hosts that take jobs themselves. */
  nextJobFromJobData(hash: Record<string, string> | null, id: string): unknown {
    const complete = hash && completeHash(this.definition, id, hash);
    const made = bullMethods.nextJobFromJobData.call(this, complete, id);
    return made instanceof Promise ? made.then(QueueJob.from) : QueueJob.from(made);
  }

  override async addBulk(jobs: BulkJob[]): Promise<Job<object>[]> {
    checkBulkList(this.name, jobs);
    return tellingRefusal(this, jobs[0]?.name ?? DEFAULT_JOB_NAME, this.backend.addJobs(jobs));
  }

  /** @throws HandlerRegistrationError always */
  override process(...args: unknown[]): never {
    throw processRefused(this.name, args);
  }

  override getJobCounts(...types: unknown[]): Promise<JobCounts> {
    return countJobs(this, types);
  }

  /** Ids of jobs by position, as `getJobs()` gives the jobs. */
  getRanges(types?: unknown, start?: number, end?: number, ascending?: boolean): Promise<string[]> {
    return jobRanges(this, types, start, end, ascending);
  }

  override async getNextJob(): Promise<Job<object> | undefined> {
    return this.isClosed ? undefined : nextJob(this);
  }

  /** As in Bull. A pattern that no job's id can match would match others in Redis, which reads UTF-8. */
  override async removeJobs(pattern: string): Promise<void> {
    if (isWellFormed(pattern)) await super.removeJobs(pattern);
  }

  override async getJobLogs(
    ...[jobId, ...range]: Parameters<Queue['getJobLogs']>
  ): ReturnType<Queue['getJobLogs']> {
    return isWellFormed(String(jobId)) ? super.getJobLogs(jobId, ...range) : { logs: [], count: 0 };
  }

  override async empty(): Promise<void> {
    await emptyLanes(this);
    await super.empty();
  }

  /** As in Bull; a local pause waits for the jobs that run in this process unless `doNotWaitActive`. */
  override async pause(isLocal?: boolean, doNotWaitActive?: boolean): Promise<void> {
    if (isLocal === true) {
      const internals = internalsOf(this);
      internals.paused ??= new Promise((resolve) => {
        internals.resumeLocal = () => {
          internals.paused = null;
          resolve();
        };
      });
      this.worker?.yieldJobs();
      if (doNotWaitActive !== true) await this.worker?.whenIdle();
    }
    await super.pause(isLocal, doNotWaitActive);
    if (isLocal !== true) this.worker?.yieldJobs();
  }

  override async whenCurrentJobsFinished(): Promise<void> {
    await this.worker?.whenIdle();
    await super.whenCurrentJobsFinished();
  }

  /** Stops fetching, waits for the jobs that run in this process unless `doNotWaitJobs`, and closes. Safe twice. */
  override close(doNotWaitJobs?: boolean): Promise<void> {
    this.shuttingDown ??= this.shutDown(doNotWaitJobs ?? false);
    return this.shuttingDown;
  }

  private async shutDown(doNotWaitJobs: boolean): Promise<void> {
    await this.worker?.stopFetching();
    if (!doNotWaitJobs) await this.worker?.whenIdle();
    await this.worker?.dispose();
    this.#finished.close();
    this.ended.abort(closedBeforeReady(this.name));
    // Bull waits until its connection is ready, which it may never be.
    await settlesWithin(super.close(true), BULL_CLOSE_MS);
  }
}

function closedBeforeReady(queue: string): BrokerUnavailableError {
  return new BrokerUnavailableError(`Queue "${queue}" was closed before Redis answered.`, { queue });
}
