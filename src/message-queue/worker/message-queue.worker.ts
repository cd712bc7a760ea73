import { inRootContext } from '../../kernel/host/root-context.js';
import { SafeLogger } from '../../kernel/host/safe-logger.js';
import { Issues } from '../../kernel/values/issues.js';
import { numberFrom } from '../../kernel/values/kinds.js';
import { Injectable } from '@nestjs/common';
import type { QueueWorker } from '../broker/broker.js';
import { InvalidJobOptionsError, ShutdownError } from '../jobs/errors.js';
import type { MessageQueueConfig } from '../message-queue.options.js';
import type { ManagedQueues } from '../broker/managed-queues.js';
import type { ServerGate } from './server-gate.js';
import { settlesWithin } from '../../kernel/time/settles-within.js';
import type { SealableQueue } from '../jobs/sealing/payload-seal.js';
import type { RunBatch, RunJob } from '../jobs/taken-job.js';

/** How to stop. */
export interface StopOptions {
  /** Whether active jobs may finish before they are aborted and handed back. Default true. */
  readonly drain?: boolean;
  /** How long they may, in milliseconds. Default: the configuration's `shutdownTimeoutMs`. */
  readonly timeoutMs?: number;
}

/** What stopping did to the jobs that were active. */
export interface StopReport {
  /** Jobs that were aborted because time was up; their handlers ended and the jobs wait again. */
  readonly aborted: number;
  /** Jobs whose handlers ignored the abort; other workers take them when their locks run out. */
  readonly stuck: readonly { readonly queue: string; readonly jobId: string }[];
}

/** What the worker needs of the execution road. */
export interface JobRunner {
  /** What runs the jobs of one queue. @param now the clock of the queue's broker */
  runnerOf(definition: SealableQueue, now: () => number): RunJob;
  /** The same for those that are collected. */
  batchRunnerOf(definition: SealableQueue, now: () => number): RunBatch;
}

/**
 * Runs the jobs of this process. Starts by itself when the app is ready, unless `autoStart` is false; never in a
 * `role: 'producer'` process.
 */
@Injectable()
export class MessageQueueWorker {
  readonly #logger = new SafeLogger(MessageQueueWorker.name);
  readonly #workers = new Map<string, QueueWorker>();
  #isStarted = false;
  /** Number of the start that counts: one that waited for a server may have been stopped and followed by another. */
  #start = 0;
  #starting: Promise<void> = Promise.resolve();
  #stopping: Promise<StopReport> | null = null;

  constructor(
    private readonly queues: ManagedQueues,
    private readonly runner: JobRunner,
    private readonly config: MessageQueueConfig,
    private readonly gate: Pick<ServerGate, 'untilFit'>,
  ) {}

  /** Whether jobs are fetched here, or will be as soon as the broker answers. */
  get isRunning(): boolean {
    return this.#isStarted;
  }

  /** Active jobs of this process by queue. */
  activeCount(queueName: string): number {
    return this.#workers.get(queueName)?.active.size ?? 0;
  }

  /** Handlers of a queue that may run here at once, 0 while it takes no jobs, and those that run; null where it does not work. */
  slotsOf(queueName: string): { readonly slots: number; readonly busy: number } | null {
    const worker = this.#workers.get(queueName);
    if (worker === undefined) return null;
    const { concurrency } = this.queues.get(queueName).definition;
    // Those of a batch share a handler, and jobs that were taken ahead wait for one.
    return { slots: this.#isStarted ? concurrency : 0, busy: Math.min(concurrency, worker.active.size) };
  }

  /**
   * Starts to run jobs of every queue, once the broker's server answers; does nothing when it runs already, or in a
   * producer.
   * @throws InvalidConfigurationError when the server is not fit for queues, in production
   */
  async start(): Promise<void> {
    if (this.config.role === 'producer') return;
    await this.#stopping;
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.#starting = inRootContext(() => this.#startAll());
    }
    await this.#starting;
  }

  /**
   * Stops fetching, lets active jobs finish within the time, then aborts what is left and hands it back. May be
   * started again.
   * @throws InvalidJobOptionsError for a time that no timer can keep; the worker then keeps running
   */
  async stop(options: StopOptions = {}): Promise<StopReport> {
    checkTimeout(options.timeoutMs);
    this.#isStarted = false;
    this.#stopping ??= this.#stop(options).finally(() => (this.#stopping = null));
    return this.#stopping;
  }

  async #startAll(): Promise<void> {
    const start = (this.#start += 1);
    const isWanted = (): boolean => this.#isStarted && this.#start === start;
    try {
      await this.gate.untilFit(isWanted);
    } catch (error) {
      if (isWanted()) this.#isStarted = false;
      throw error;
    }
    if (!isWanted()) return;
    const begun = await Promise.allSettled(this.queues.names().map((name) => this.#startQueue(name)));
    const failed = begun.find((result) => result.status === 'rejected');
    if (failed === undefined) return;
    await this.stop({ drain: false });
    throw failed.reason;
  }

  async #startQueue(name: string): Promise<void> {
    const { queue, broker, definition } = this.queues.get(name);
    const now = (): number => broker.now();
    const run = this.runner.runnerOf(definition, now);
    const runBatch = this.runner.batchRunnerOf(definition, now);
    const worker = await broker.work(queue, definition.concurrency, run, runBatch);
    // Meanwhile it may have been stopped: an unreachable broker keeps nobody from stopping.
    if (this.#isStarted) this.#workers.set(name, worker);
    else await worker.stopFetching();
  }

  async #stop({ drain = true, timeoutMs = this.config.shutdownTimeoutMs }: StopOptions): Promise<StopReport> {
    const workers = [...this.#workers.values()];
    if (workers.length === 0) return { aborted: 0, stuck: [] };
    await Promise.all(workers.map((worker) => worker.stopFetching()));
    const idle = Promise.all(workers.map((worker) => worker.whenIdle()));
    const drained = drain && (await settlesWithin(idle, timeoutMs));
    let aborted = 0;
    let stuck: StopReport['stuck'] = [];
    if (!drained) {
      aborted = this.#active().length;
      const reason = new ShutdownError('The worker stops: the job is handed back and runs again elsewhere.');
      for (const worker of workers) worker.abortActive(reason);
      if (!(await settlesWithin(idle, this.config.abortGraceMs))) stuck = this.#active();
      if (stuck.length > 0) this.#reportStuck(stuck);
    }
    this.#workers.clear();
    return { aborted: aborted - stuck.length, stuck };
  }

  #active(): { queue: string; jobId: string }[] {
    return [...this.#workers].flatMap(([queue, worker]) =>
      [...worker.active.keys()].map((jobId) => ({ queue, jobId })),
    );
  }

  #reportStuck(stuck: StopReport['stuck']): void {
    const named = stuck.map(({ queue, jobId }) => `${queue}/${jobId}`).join(', ');
    this.#logger.error(
      `${stuck.length} job(s) ignore their abort signal ${this.config.abortGraceMs} ms after it: ${named}. Their handlers must pass context.signal on; another worker takes the jobs when their locks run out.`,
    );
  }
}

/** At most the longest time a timer of Node keeps: beyond it, it fires at once. */
const STOP_TIMEOUT = numberFrom(0, 2_147_483_647, 'milliseconds');

function checkTimeout(timeoutMs: number | undefined): void {
  const issues = new Issues();
  issues.checkGiven('timeoutMs', timeoutMs, STOP_TIMEOUT);
  issues.throwIfAny(InvalidJobOptionsError, 'The worker cannot stop:');
}
