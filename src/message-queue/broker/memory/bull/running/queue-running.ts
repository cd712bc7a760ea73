import type { JobId } from 'bull';
import type { QueueEngine } from '../../store/queue-engine.js';
import type { StoredJob } from '../../store/stored-job.js';
import { WorkerLoop } from '../../worker-loop.js';
import { DEFAULT_JOB_NAME } from '../../../rules/bull-arguments.js';
import type { FinishWaiters } from '../../../rules/events/finish-waiters.js';
import type { JobEnding } from '../job/job-ending.js';
import type { MemoryJob } from '../job/memory-job.js';
import { NextJobQueue } from './next-job-queue.js';
import { PlainProcessor } from './plain-processor.js';

/** What running jobs needs of the queue beside its engine. */
export interface RunningParts {
  /** `this` of the handlers. */
  readonly queue: object;
  readonly ending: JobEnding;
  readonly waiters: FinishWaiters;
  /** Seconds that `getNextJob` waits. */
  readonly drainDelay: number;
  handleOf(stored: StoredJob): MemoryJob;
  /** Runs a job that the loop has taken; `loop.done(number)` must follow. */
  runJob(stored: StoredJob, number: number): void;
}

/** Equal to Bull: how this process takes jobs, and how it stops to. */
export class QueueRunning {
  /** The loop that runs jobs; idle until `process` (or the broker) gives it something to do. */
  readonly loop: WorkerLoop;
  /** Set once the queue began to close. */
  closing: Promise<void> | undefined;
  private readonly processor: PlainProcessor;
  private readonly nextJobs: NextJobQueue;
  private pausedHere = false;
  private working = false;
  private readonly whenClosed: Promise<void>;
  private endProcessing: () => void = () => undefined;

  constructor(
    private readonly engine: QueueEngine,
    private readonly parts: RunningParts,
  ) {
    this.loop = new WorkerLoop(
      () => engine.take(),
      () => engine.noteDrained(),
      (job, number) => parts.runJob(job, number),
    );
    this.processor = new PlainProcessor(engine, parts.ending, parts.queue);
    this.nextJobs = new NextJobQueue(engine, (stored) => parts.handleOf(stored));
    this.whenClosed = new Promise((resolve) => (this.endProcessing = resolve));
  }

  /** Whether this process must not start jobs of the queue. */
  get isHeld(): boolean {
    return this.pausedHere || this.closing !== undefined;
  }

  /** There may be a job to give out. */
  serve(): void {
    this.nextJobs.serve();
    this.loop.wake();
  }

  /** From now on up to so many more jobs run here at the same time. */
  beginWork(concurrency: number): void {
    this.working = true;
    this.loop.limit += concurrency;
    this.engine.startPromoting();
    this.loop.wake();
  }

  /** Runs a job by the handlers that were given to `process`. */
  runByHandler(stored: StoredJob, number: number): void {
    this.processor
      .run(this.parts.handleOf(stored))
      .catch((error: unknown) => this.engine.events.emit('error', error, 'Error processing job'))
      .finally(() => this.loop.done(number));
  }

  /**
   * Runs jobs with a handler: `process([name], [concurrency], handler)`. Settles when the queue has closed.
   * @throws Error, UnsupportedOperationError as {@link PlainProcessor.setHandler}
   */
  processWith(given: readonly unknown[]): Promise<void> {
    const [name, concurrency, handler] = processArguments(given);
    this.setHandler(name, handler);
    return this.start(concurrency as number);
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
    if (concurrency <= 0) return;
    this.beginWork(concurrency);
    await this.whenClosed;
  }

  /** Stops starting jobs: here (`isLocal`, waits for active jobs unless `doNotWaitActive`) or for all workers. */
  async pause(isLocal?: boolean, doNotWaitActive?: boolean): Promise<void> {
    if (isLocal) {
      this.pausedHere = true;
      this.loop.halt();
      this.nextJobs.giveUp();
      if (!doNotWaitActive) await this.whenCurrentJobsFinished();
    } else {
      this.engine.paused = true;
      this.engine.events.publish('global:paused');
    }
    this.engine.events.emit('paused');
  }

  async resume(isLocal?: boolean): Promise<void> {
    if (isLocal) {
      this.pausedHere = false;
      if (this.closing === undefined) this.loop.resume();
    } else {
      this.engine.paused = false;
      this.engine.events.publish('global:resumed');
      this.serve();
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
    return this.nextJobs.next(this.parts.drainDelay * 1000);
  }

  /** One entry while this process works on the queue. */
  async getWorkers(): Promise<{ [index: string]: string }[]> {
    if (!this.working || this.closing !== undefined) return [];
    const { name } = this.engine;
    return [{ id: '1', addr: 'in-process', name, age: String(Math.floor(process.uptime())) }];
  }

  /** Stops starting jobs, waits for active ones (unless told not to) and lets go of the timer. */
  close(doNotWaitJobs?: boolean): Promise<void> {
    this.closing ??= this.shutDown(doNotWaitJobs === true);
    return this.closing;
  }

  /** The next job for whoever has just completed one, as Bull's data and id. */
  takeNext(): [unknown, JobId] | null {
    const stored = this.isHeld ? null : this.engine.take();
    if (stored === null) return null;
    const job = this.parts.handleOf(stored);
    return [job.toData(), job.id];
  }

  private async shutDown(doNotWaitJobs: boolean): Promise<void> {
    // Lets `closing` be set before anything asks for it.
    await Promise.resolve();
    await this.pause(true, doNotWaitJobs);
    this.engine.close();
    this.parts.waiters.abandon();
    this.endProcessing();
    this.engine.events.emit('close');
  }
}

/** By their number, as Bull tells them apart. */
function processArguments(given: readonly unknown[]): [name: string, concurrency: unknown, handler: unknown] {
  const [first, second, third] = given;
  if (given.length > 2) return [String(first), second, third];
  if (given.length < 2) return [DEFAULT_JOB_NAME, 1, first];
  return typeof first === 'string' ? [first, 1, second] : [DEFAULT_JOB_NAME, first, second];
}
