import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { JobId, JobOptions, MetricsOpts, Queue, RateLimiter } from 'bull';
import { UnsupportedOperationError } from '../../../../jobs/errors.js';
import { addArguments, DEFAULT_JOB_NAME } from '../../../rules/bull-arguments.js';
import type { BulkJob } from '../../../rules/bull-arguments.js';
import { queueClosed } from '../../../rules/add-errors.js';
import { tellingRefusal } from '../../../rules/events/told-refusal.js';
import { guardedEmit } from '../../../rules/events/guarded-emit.js';
import { MemoryBudget } from '../../store/memory-budget.js';
import type { QueueEngine } from '../../store/queue-engine.js';
import type { StoredJob } from '../../store/stored-job.js';
import type { NewJob } from '../adding/new-job.js';
import { QueueSchedules } from '../adding/queue-schedules.js';
import type { MemoryJob } from '../job/memory-job.js';
import { QueueRunning } from '../running/queue-running.js';
import { adoptBullPrototype } from './bull-prototype.js';
import { memoryClient } from './memory-client.js';
import { queueKeys, queueSettings } from './memory-queue.options.js';
import type { MemoryQueueOptions, QueueSettings } from './memory-queue.options.js';
import { QueueParts } from './queue-parts.js';
import { QueueReads } from './queue-reads.js';
import type { ReadOptions } from './queue-reads.js';
import { QueueUpkeep } from './queue-upkeep.js';

/** Methods that Bull's types leave out. */
type Untyped =
  | ('getRanges' | 'getStalledCount' | 'setHandler' | 'start' | 'run')
  | ('retryJob' | 'retryJobs' | 'removeDebounceKey' | '_keyToData');

/** What a part has of Bull's methods, and answers for the queue. */
type Answers<Part> = Pick<Part, keyof Part & (keyof Queue | Untyped)>;

type Answered = Answers<QueueReads> & Answers<QueueUpkeep> & Answers<QueueSchedules> & Answers<QueueRunning>;

const AnsweringEmitter = EventEmitter as unknown as new () => EventEmitter & Answered;

/**
 * Equal to Bull: its `Queue` in memory: same methods, same events, same rules (docs/providers.md lists what differs), no
 * Redis. It passes `instanceof Bull`. Jobs die with the process.
 */
export class MemoryQueue extends AnsweringEmitter implements Queue<unknown> {
  readonly token: string = randomUUID();
  readonly keyPrefix: string;
  readonly keys: Readonly<Record<string, string>>;
  /** Always empty: there are no connections. */
  readonly clients: Queue['clients'] = [];
  readonly client: Queue['client'];
  readonly settings: QueueSettings;
  readonly limiter: RateLimiter | undefined;
  readonly metrics: MetricsOpts | undefined;
  readonly defaultJobOptions: JobOptions | undefined;
  /** The inside. For the broker and the tests of this folder. */
  readonly engine: QueueEngine;
  /** What answers Bull's methods that are not written out here. */
  protected readonly parts: QueueParts;

  constructor(
    readonly name: string,
    options: MemoryQueueOptions = {},
  ) {
    super();
    const { budget = new MemoryBudget() } = options;
    this.keyPrefix = options.prefix ?? 'bull';
    this.keys = queueKeys((type) => this.toKey(type));
    this.settings = queueSettings(options.settings);
    this.limiter = options.limiter;
    this.metrics = options.metrics;
    this.defaultJobOptions = options.defaultJobOptions;
    this.client = memoryClient(name, budget);
    const assertRoom = (job: NewJob): void => this.assertRoom(job);
    const runJob = (stored: StoredJob, number: number): void => this.runJob(stored, number);
    this.parts = new QueueParts({ queue: this, name, budget, assertRoom, runJob }, options);
    this.engine = this.parts.engine;
  }

  /** Set once the queue began to close; settles when it is closed. */
  get closing(): Promise<void> | undefined {
    return this.parts.running.closing;
  }

  get closed(): boolean {
    return this.engine.closed;
  }

  /** Whether the last look for a job found none. */
  get drained(): boolean {
    return this.engine.drained;
  }

  /** Adds a job. Rejects with QueueFullError when the budget is spent. */
  async add(...args: unknown[]): Promise<MemoryJob> {
    const [name, data, given] = addArguments(args);
    return tellingRefusal(this, name, this.addOne(name, data, given));
  }

  private async addOne(name: string, data: unknown, given: unknown): Promise<MemoryJob> {
    this.assertOpen(name);
    // A spread would turn anything into an object, and hide a wrong value from the check.
    const options =
      this.defaultJobOptions === undefined ? given : { ...this.defaultJobOptions, ...(given as JobOptions) };
    const adding = this.addNow(name, data, options ?? {});
    // Not awaited without need: what is added by the next call comes behind it.
    const job = adding instanceof Promise ? await adding : adding;
    if (this.engine.turns.isDueAfterAdd()) await this.engine.turns.pass();
    return job;
  }

  /** Adds many jobs; as in Bull, `repeat` makes no schedule here. */
  addBulk(jobs: BulkJob[]): Promise<MemoryJob[]> {
    // What is no list is refused with the rest.
    const first = (jobs as BulkJob[] | undefined)?.[0] as BulkJob | null | undefined;
    return tellingRefusal(this, first?.name ?? DEFAULT_JOB_NAME, this.addAll(jobs));
  }

  protected async addAll(jobs: BulkJob[]): Promise<MemoryJob[]> {
    const { adding } = this.parts;
    return jobs.map(({ name, data, opts }) => {
      const known = typeof name === 'string' ? name : DEFAULT_JOB_NAME;
      this.assertOpen(known);
      return adding.storeGiven(adding.newJob(known, data, { ...this.defaultJobOptions, ...opts }), data);
    });
  }

  /**
   * Runs jobs with a handler: `process([name], [concurrency], handler)`. Settles when the queue has closed.
   * @throws Error when there is no handler or the name has one, UnsupportedOperationError when it is a file path
   */
  process(...given: unknown[]): Promise<void> {
    return this.parts.running.processWith(given);
  }

  override on(event: string | symbol, listener: Parameters<EventEmitter['on']>[1]): this {
    void this.parts.registrations.register(event);
    // Not `super.on`: that is Bull's, which subscribes in Redis.
    return EventEmitter.prototype.on.call(this, event, listener) as this;
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    return guardedEmit(this, event, args);
  }

  /** Settles when events of this name are heard. */
  _registerEvent(event: string): Promise<void> {
    return this.parts.registrations.register(event);
  }

  /** As `getJob`, with Bull's options. */
  getJobFromId(jobId: JobId, options?: ReadOptions): Promise<MemoryJob | null> {
    return this.parts.reads.getJobFromId(jobId, options);
  }

  /** The job whose fields `moveToCompleted` returned. */
  nextJobFromJobData(_data: unknown, jobId: JobId): Promise<MemoryJob | null> {
    return this.getJobFromId(jobId);
  }

  /** A queue in memory is ready at once. */
  isReady(): Promise<this> {
    return Promise.resolve(this);
  }

  /** The key Bull would use in Redis. */
  toKey(type: string): string {
    return [this.keyPrefix, this.name, type].join(':');
  }

  /** There is nothing to disconnect. */
  disconnect(): Promise<void> {
    return Promise.resolve();
  }

  base64Name(): string {
    return Buffer.from(this.name).toString('base64');
  }

  clientName(): string {
    return `${this.keyPrefix}:${this.base64Name()}`;
  }

  setWorkerName(): Promise<void> {
    return Promise.resolve();
  }

  /** Always empty: there are no connections to list. */
  parseClientList(): { [index: string]: string }[][] {
    return [];
  }

  /** @throws UnsupportedOperationError always: there is no Redis to talk to */
  multi(): never {
    throw new UnsupportedOperationError(
      `Queue "${this.name}" is in memory: there is no Redis for multi(). Use the queue's own methods.`,
      { queue: this.name },
    );
  }

  /** Not in Bull: what a log shows of the queue, whose parts know each other. */
  toJSON(): object {
    return { name: this.name, keyPrefix: this.keyPrefix, token: this.token, settings: this.settings };
  }

  /** Not in Bull: promotes what is due now. @returns how many jobs; a test that moves the clock by hand may call it */
  promoteDue(): number {
    const promoted = this.engine.promoteDue();
    if (promoted > 0) this.parts.running.serve();
    return promoted;
  }

  /** A managed queue adds by rules of its own. */
  protected addNow(name: string, data: unknown, options: JobOptions): MemoryJob | Promise<MemoryJob> {
    const { adding, schedules } = this.parts;
    const job = adding.newJob(name, data, options);
    if (!options.repeat) return adding.storeGiven(job, data);
    schedules.addSchedule(job);
    return schedules.handleOf(job) as MemoryJob;
  }

  /** Throws when the queue takes no more. */
  protected assertRoom(_job: NewJob): void {
    // A plain queue takes what the budget allows.
  }

  /** Runs a job that has been taken; a managed queue does it its own way. */
  protected runJob(stored: StoredJob, number: number): void {
    this.parts.running.runByHandler(stored, number);
  }

  protected assertOpen(job: string): void {
    if (this.closing === undefined) return;
    throw queueClosed({ queue: this.name, job });
  }
}

adoptBullPrototype(MemoryQueue, {
  reads: QueueReads,
  upkeep: QueueUpkeep,
  schedules: QueueSchedules,
  running: QueueRunning,
});
