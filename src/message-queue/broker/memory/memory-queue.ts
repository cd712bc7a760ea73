import type { JobId, JobOptions, Queue } from 'bull';
import { BrokerUnavailableError, UnsupportedOperationError } from '../../jobs/errors.js';
import { DEFAULT_JOB_NAME, createJob, idForGroup, payloadJson, storedOptions } from './job-creation.js';
import type { NewJob } from './job-creation.js';
import type { MemoryJob } from './memory-job.js';
import type { MemoryQueueOptions } from './memory-queue-core.js';
import { MemoryQueueKeeper } from './memory-queue-keeper.js';
import { NextJobQueue } from './next-job-queue.js';
import { PlainProcessor } from './plain-processor.js';
import { StoredJob } from './stored-job.js';
import type { StoredOptions } from './stored-job.js';
import { WorkerLoop } from './worker-loop.js';

type BulkJob = { name?: string; data: unknown; opts?: JobOptions };

/**
 * Bull's `Queue` in memory: same methods, same events, same rules (docs/providers.md lists what differs), no Redis. It
 * passes `instanceof Bull`. Jobs die with the process.
 */
export class MemoryQueue extends MemoryQueueKeeper implements Queue<unknown> {
  /** The loop that runs jobs; idle until `process` (or the broker) gives it something to do. */
  protected readonly loop: WorkerLoop;
  /** Called before a job is stored; throws when the queue takes no more. */
  protected assertRoom: (job: NewJob) => void = () => undefined;
  private readonly processor: PlainProcessor;
  private readonly nextJobs: NextJobQueue;
  private pausedHere = false;
  private working = false;
  private readonly whenClosed: Promise<void>;
  private endProcessing: () => void = () => undefined;

  constructor(name: string, options?: MemoryQueueOptions) {
    super(name, options);
    this.loop = new WorkerLoop(
      () => this.engine.take(),
      () => this.engine.noteDrained(),
      (job, number) => this.runJob(job, number),
    );
    this.processor = new PlainProcessor(this.engine, this.moves, this);
    this.nextJobs = new NextJobQueue(this.engine, (stored) => this.handleOf(stored));
    this.engine.onWork = () => {
      this.nextJobs.serve();
      this.loop.wake();
    };
    this.engine.onRepeatStarted = (job) => {
      this.scheduleNext({ name: job.name, json: job.data, options: job.options }, false);
    };
    this.whenClosed = new Promise((resolve) => (this.endProcessing = resolve));
  }

  /** Adds a job. Rejects with QueueFullError when the budget is spent. */
  async add(nameOrData: unknown, dataOrOptions?: unknown, maybeOptions?: JobOptions): Promise<MemoryJob> {
    const named = typeof nameOrData === 'string';
    const name = named ? nameOrData : DEFAULT_JOB_NAME;
    const data = named ? dataOrOptions : nameOrData;
    const given = named ? maybeOptions : (dataOrOptions as JobOptions | undefined);
    this.assertOpen(name);
    const job = this.addNow(name, data, { ...this.defaultJobOptions, ...given });
    if (this.engine.turns.isDueAfterAdd()) await this.engine.turns.pass();
    return job;
  }

  /** Adds many jobs; as in Bull, `repeat` makes no schedule here. */
  async addBulk(jobs: BulkJob[]): Promise<MemoryJob[]> {
    return jobs.map(({ name, data, opts }) => {
      const known = typeof name === 'string' ? name : DEFAULT_JOB_NAME;
      this.assertOpen(known);
      const options = { ...this.defaultJobOptions, ...opts };
      return this.store(this.newJob(known, data, options), data);
    });
  }

  /**
   * Runs jobs with a handler: `process([name], [concurrency], handler)`. Settles when the queue has closed.
   * @throws Error, UnsupportedOperationError as {@link PlainProcessor.setHandler}
   */
  process(...given: unknown[]): Promise<void> {
    const handler = given.at(-1);
    const name = typeof given[0] === 'string' && given.length > 1 ? given[0] : DEFAULT_JOB_NAME;
    const concurrency = given.slice(0, -1).find((value) => typeof value === 'number') ?? 1;
    this.setHandler(name, handler);
    return this.start(concurrency);
  }

  setHandler(name: string, handler: unknown): void {
    this.processor.setHandler(name, handler);
  }

  start(concurrency: number): Promise<void> {
    return this.run(concurrency);
  }

  async run(concurrency: number): Promise<void> {
    if (!Number.isInteger(concurrency)) {
      const error = new Error('Cannot set Float as concurrency');
      this.engine.events.emit('error', error, 'error running queue');
      throw error;
    }
    this.beginWork(concurrency);
    await this.whenClosed;
  }

  /** Stops starting jobs: here (`isLocal`, waits for active jobs unless `doNotWaitActive`) or for all workers. */
  override async pause(isLocal?: boolean, doNotWaitActive?: boolean): Promise<void> {
    if (!isLocal) return super.pause();
    this.pausedHere = true;
    this.loop.halt();
    if (!doNotWaitActive) await this.whenCurrentJobsFinished();
    this.engine.events.emit('paused');
  }

  async resume(isLocal?: boolean): Promise<void> {
    if (isLocal) {
      this.pausedHere = false;
      if (this.closing === undefined) this.loop.resume();
    } else {
      this.engine.paused = false;
      this.engine.events.publish('global:resumed');
      this.engine.onWork();
    }
    this.engine.events.emit('resumed');
  }

  async isPaused(isLocal?: boolean): Promise<boolean> {
    await this.engine.turns.look();
    return isLocal ? this.pausedHere : this.engine.paused;
  }

  /** Resolves when the jobs that are active in this process now have settled. */
  whenCurrentJobsFinished(): Promise<void> {
    return this.loop.whenCurrentSettled();
  }

  /** Takes the next job; waits for one up to `settings.drainDelay` seconds when there is none. */
  getNextJob(): Promise<MemoryJob | undefined> {
    if (this.closing !== undefined) return Promise.resolve(undefined);
    return this.nextJobs.next((this.settings.drainDelay ?? 5) * 1000);
  }

  /** The job whose fields `moveToCompleted` returned. */
  async nextJobFromJobData(_data: unknown, jobId: JobId): Promise<MemoryJob | null> {
    return this.getJobFromId(jobId);
  }

  /** Adds the next run of a schedule. @returns undefined when the schedule has ended or was removed */
  async nextRepeatableJob(
    name: string,
    data: unknown,
    options: JobOptions,
    isNew = false,
  ): Promise<MemoryJob> {
    const creation = this.scheduleNext(this.newJob(name, data, options), isNew);
    return creation as unknown as MemoryJob;
  }

  /** One entry while this process works on the queue. */
  async getWorkers(): Promise<{ [index: string]: string }[]> {
    if (!this.working || this.closing !== undefined) return [];
    return [{ id: '1', addr: 'in-process', name: this.name, age: String(Math.floor(process.uptime())) }];
  }

  setWorkerName(): Promise<void> {
    return Promise.resolve();
  }

  /** Always empty: there are no connections to list. */
  parseClientList(): { [index: string]: string }[][] {
    return [];
  }

  /** Promotes what is due now. @returns how many jobs; a test that moves the clock by hand may call it */
  promoteDue(): number {
    const promoted = this.engine.promoteDue();
    if (promoted > 0) this.engine.onWork();
    return promoted;
  }

  /** Stops starting jobs, waits for active ones (unless told not to) and lets go of the timer. */
  close(doNotWaitJobs?: boolean): Promise<void> {
    this.closing ??= this.shutDown(doNotWaitJobs === true);
    return this.closing;
  }

  /** @throws UnsupportedOperationError always: there is no Redis to talk to */
  multi(): never {
    throw new UnsupportedOperationError(
      `Queue "${this.name}" is in memory: there is no Redis for multi(). Use the queue's own methods.`,
      { queue: this.name },
    );
  }

  protected override get isHeld(): boolean {
    return this.pausedHere || super.isHeld;
  }

  protected beginWork(concurrency: number): void {
    this.working = true;
    this.loop.limit += concurrency;
    this.engine.startPromoting();
    this.loop.wake();
  }

  /** Runs a job that has been taken; the managed queue does it its own way. */
  protected runJob(stored: StoredJob, number: number): void {
    this.processor
      .run(this.handleOf(stored))
      .catch((error: unknown) => this.engine.events.emit('error', error, 'Error processing job'))
      .finally(() => this.loop.done(number));
  }

  /** Stores a job; the handle shows the caller's own payload and options, as in Bull. */
  protected store(job: NewJob, data: unknown): MemoryJob {
    const { id, stored } = createJob(this.engine, job, this.assertRoom);
    const handle = this.handleOf(
      stored ?? new StoredJob(id, job.name, job.json, job.options, job.options.delay, 0),
    );
    handle.data = data;
    return handle;
  }

  /** Adds the next run of a job with `repeat`. @returns undefined when there is none */
  protected scheduleNext(job: NewJob, isNew: boolean): MemoryJob | undefined {
    const { options } = job;
    const now = this.engine.clock.now();
    const prevMillis = options.prevMillis ?? 0;
    const repeat = {
      ...options.repeat,
      ...(prevMillis === 0 && options.jobId ? { jobId: options.jobId } : {}),
    };
    const next = this.engine.repeat.next(job.name, repeat, prevMillis, now);
    if (next === null || (!isNew && !this.engine.repeat.has(next.key))) return undefined;
    this.engine.repeat.set(next.key, next.dueAt);
    const runOptions = {
      ...options,
      repeat: { ...repeat, count: next.count, key: next.key },
      jobId: next.jobId,
      delay: Math.max(0, next.dueAt - now),
      timestamp: now,
      prevMillis: next.dueAt,
    } as StoredOptions;
    return this.store({ ...job, options: runOptions }, JSON.parse(job.json));
  }

  protected newJob(name: string, data: unknown, options: JobOptions): NewJob {
    const jobId = idForGroup(this.engine, options, data);
    const stored = storedOptions(
      jobId === undefined ? options : { ...options, jobId },
      this.engine.clock.now(),
    );
    return { name, json: payloadJson(data), options: stored };
  }

  protected addNow(name: string, data: unknown, options: JobOptions): MemoryJob {
    const job = this.newJob(name, data, options);
    if (options.repeat) return this.scheduleNext(job, true) as MemoryJob;
    return this.store(job, data);
  }

  protected assertOpen(job: string): void {
    if (this.closing === undefined) return;
    throw new BrokerUnavailableError(`Queue "${this.name}" is closed: job "${job}" was not added.`, {
      queue: this.name,
      job,
    });
  }

  private async shutDown(doNotWaitJobs: boolean): Promise<void> {
    // Lets `closing` be set before anything asks for it.
    await Promise.resolve();
    await this.pause(true, doNotWaitJobs);
    this.engine.close();
    this.nextJobs.close();
    this.engine.finishWaiters.abandon();
    this.closed = true;
    this.endProcessing();
    this.engine.events.emit('close');
  }
}
