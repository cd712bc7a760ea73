import { CancelledError } from '../../jobs/errors.js';
import type { MessageQueueError } from '../../../kernel/errors.js';
import type { Settlement } from '../../jobs/settlement.js';
import type { QueueWorker, RunDelivery } from '../broker.js';
import { MemoryDelivery } from './memory-delivery.js';
import type { MemoryJob } from './bull/job/memory-job.js';
import type { QueueEvents } from './store/queue-events.js';
import type { SettlementWriter } from './settlement-writer.js';
import type { StoredJob } from './store/stored-job.js';
import type { WorkerLoop } from './worker-loop.js';

/** What a worker is made of. */
export interface WorkerParts {
  readonly queue: string;
  readonly events: QueueEvents;
  readonly loop: WorkerLoop;
  readonly run: RunDelivery;
  readonly writer: SettlementWriter;
  readonly handleOf: (stored: StoredJob) => MemoryJob;
}

/** Gives a queue's jobs to the executor and stores how they ended. */
export class MemoryQueueWorker implements QueueWorker {
  readonly active = new Map<string, MemoryDelivery>();
  private idleWaiters: (() => void)[] = [];

  constructor(private readonly parts: WorkerParts) {}

  /** Whether it was stopped and nothing runs any more: another may take its place. */
  get hasEnded(): boolean {
    return this.parts.loop.isStopped && this.active.size === 0;
  }

  /** Starts a run for the loop. */
  begin(stored: StoredJob, number: number): void {
    const { loop } = this.parts;
    const delivery = this.deliver(stored);
    this.start(delivery).then(
      (settlement) => {
        this.end(stored, delivery, settlement);
        loop.done(number);
      },
      (error: unknown) => {
        this.end(stored, delivery, brokenRun(error, stored.attemptsMade));
        loop.done(number);
      },
    );
  }

  /** One run, outside of the loop. */
  async runToEnd(stored: StoredJob): Promise<void> {
    const delivery = this.deliver(stored);
    const settlement = await this.start(delivery).catch((error: unknown) =>
      brokenRun(error, stored.attemptsMade),
    );
    this.end(stored, delivery, settlement);
  }

  /** Aborts the run of a job. @returns false when it does not run here */
  cancel(jobId: string, reason: string): boolean {
    const delivery = this.active.get(jobId);
    if (delivery === undefined) return false;
    delivery.abort(new CancelledError(reason, { queue: this.parts.queue, jobId }));
    return true;
  }

  stopFetching(): Promise<void> {
    this.parts.loop.stop();
    return Promise.resolve();
  }

  whenIdle(): Promise<void> {
    if (this.active.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.idleWaiters.push(resolve));
  }

  abortActive(reason: MessageQueueError): void {
    for (const delivery of this.active.values()) delivery.abort(reason);
  }

  private deliver(stored: StoredJob): MemoryDelivery {
    const delivery = new MemoryDelivery(this.parts.handleOf(stored));
    this.active.set(stored.id, delivery);
    const cancelReason = stored.history?.cancelReason;
    if (cancelReason !== undefined) this.cancel(stored.id, cancelReason);
    return delivery;
  }

  private start(delivery: MemoryDelivery): Promise<Settlement> {
    const { run, events } = this.parts;
    let outcome: Promise<Settlement>;
    try {
      outcome = run(delivery);
    } catch (error) {
      outcome = Promise.resolve(brokenRun(error, delivery.job.attemptsMade));
    }
    events.emit('active', delivery.job, outcome, 'waiting');
    return outcome;
  }

  private end(stored: StoredJob, delivery: MemoryDelivery, settlement: Settlement): void {
    if (this.active.get(stored.id) === delivery) this.active.delete(stored.id);
    delivery.noteStored(this.parts.writer.write(stored, delivery, settlement));
    if (this.active.size > 0 || this.idleWaiters.length === 0) return;
    for (const resolve of this.idleWaiters.splice(0)) resolve();
  }
}

/** Runs promise not to reject. One that does must not take the worker with it, nor run its job for ever. */
function brokenRun(thrown: unknown, attemptsMade: number): Settlement {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const failure = {
    at: Date.now(),
    attempt: attemptsMade + 1,
    kind: 'error',
    error: error.name,
    message: error.message.slice(0, 2_000),
  } as const;
  return { kind: 'failed', error, retryDelayMs: null, failure };
}
