import type { JobOptions } from 'bull';
import { BrokerUnavailableError } from '../../../../jobs/errors.js';
import { DEFAULT_JOB_NAME, createJob, idForGroup, payloadJson, storedOptions } from './job-creation.js';
import type { AssertRoom, NewJob } from './job-creation.js';
import type { MemoryJob } from '../job/memory-job.js';
import type { MemoryQueueOptions } from '../queue/memory-queue-core.js';
import { MemoryQueueKeeper } from '../queue/queue-upkeep.js';
import { StoredJob } from '../../store/stored-job.js';
import type { StoredOptions } from '../../store/stored-job.js';

type BulkJob = { name?: string; data: unknown; opts?: JobOptions };

/** Adding jobs and schedules to a memory queue. */
export class MemoryQueueProducer extends MemoryQueueKeeper {
  /** Called before a job is stored; throws when the queue takes no more. */
  protected assertRoom: AssertRoom = () => undefined;

  constructor(name: string, options?: MemoryQueueOptions) {
    super(name, options);
    this.engine.onRepeatStarted = (job) => this.continueSchedule(job);
  }

  /** Adds a job. Rejects with QueueFullError when the budget is spent. */
  async add(nameOrData: unknown, dataOrOptions?: unknown, maybeOptions?: JobOptions): Promise<MemoryJob> {
    const named = typeof nameOrData === 'string';
    const name = named ? nameOrData : DEFAULT_JOB_NAME;
    const data = named ? dataOrOptions : nameOrData;
    const given = named ? maybeOptions : (dataOrOptions as JobOptions | undefined);
    this.assertOpen(name);
    // A spread would make options of what is none, and hide it from the check.
    const options = this.defaultJobOptions === undefined ? given : { ...this.defaultJobOptions, ...given };
    const job = this.addNow(name, data, options ?? {});
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

  /** Stores a job; the handle shows the caller's own payload and options, as in Bull. */
  protected store(job: NewJob, data: unknown, assertRoom: AssertRoom | null = this.assertRoom): MemoryJob {
    const { id, stored } = createJob(this.engine, job, assertRoom);
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
    // A schedule that runs already goes on even when the queue is full: nobody would add its next run later.
    return this.store({ ...job, options: runOptions }, JSON.parse(job.json), isNew ? this.assertRoom : null);
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

  private continueSchedule({ name, data, options }: StoredJob): void {
    try {
      this.scheduleNext({ name, json: data, options: withoutHistory(options) }, false);
    } catch (error) {
      this.engine.events.emit('error', error, `Error scheduling the next run of ${name}`);
    }
  }
}

/** What happened to one run of a schedule is no business of the next. */
function withoutHistory({ mq, ...options }: StoredOptions): StoredOptions {
  if (mq === undefined) return options;
  const { failures: _failures, replays: _replays, cancelled: _cancelled, ...record } = mq;
  return { ...options, mq: record };
}
