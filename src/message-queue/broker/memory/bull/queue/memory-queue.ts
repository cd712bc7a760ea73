import type { JobId, Queue } from 'bull';
import { UnsupportedOperationError } from '../../../../jobs/errors.js';
import { DEFAULT_JOB_NAME } from '../adding/job-creation.js';
import type { MemoryJob } from '../job/memory-job.js';
import type { MemoryQueueOptions } from './memory-queue-core.js';
import { MemoryQueueProducer } from '../adding/job-adding.js';
import { NextJobQueue } from '../running/next-job-queue.js';
import { PlainProcessor } from '../running/plain-processor.js';
import type { StoredJob } from '../../store/stored-job.js';
import { WorkerLoop } from '../../worker-loop.js';

/**
 * Bull's `Queue` in memory: same methods, same events, same rules (docs/providers.md lists what differs), no Redis. It
 * passes `instanceof Bull`. Jobs die with the process.
 */
export class MemoryQueue extends MemoryQueueProducer implements Queue<unknown> {
  /** The loop that runs jobs; idle until `process` (or the broker) gives it something to do. */
  protected readonly loop: WorkerLoop;
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
    this.whenClosed = new Promise((resolve) => (this.endProcessing = resolve));
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
