import type { JobOptions } from 'bull';
import { checkBulkList } from '../../admission/bulk-list.js';
import { HandlerRegistrationError, QueueFullError } from '../../jobs/errors.js';
import { admitJob } from '../../admission/job-admission.js';
import type { AdmittedJob } from '../../admission/job-admission.js';
import type { ManagedJobOptions } from '../../jobs/managed-job.js';
import type { QueueDefinition } from '../../jobs/queue-definition.js';
import type { AddOutcome, AddRequest, RunDelivery } from '../broker.js';
import { CompactOptions } from './store/compact-options.js';
import { IdempotencyLedger } from './idempotency-ledger.js';
import { DEFAULT_JOB_NAME } from './bull/adding/new-job.js';
import type { NewJob } from './bull/adding/new-job.js';
import type { MemoryJob } from './bull/job/memory-job.js';
import { MemoryQueue } from './bull/queue/memory-queue.js';
import type { MemoryQueueOptions } from './bull/queue/memory-queue.options.js';
import { MemoryQueueWorker } from './memory-queue-worker.js';
import { SettlementWriter } from './settlement-writer.js';
import type { StoredJob } from './store/stored-job.js';

/** Share of `maxWaiting` that only critical jobs may use, on top. As on Redis. */
const CRITICAL_RESERVE = 0.1;
const CRITICAL_BULL_PRIORITY = 1;
const RETRY_AFTER_MS = 1_000;

type BulkJob = { name?: string; data: unknown; opts?: JobOptions };

/**
 * The memory queue that hosts inject: `add` and `addBulk` check options, generate ids and keep `maxWaiting`;
 * `process` is refused, because our worker runs the jobs.
 */
export class ManagedMemoryQueue extends MemoryQueue {
  readonly ledger: IdempotencyLedger;
  /** Null until this process works on the queue. */
  worker: MemoryQueueWorker | null = null;
  private readonly compact = new CompactOptions();
  /** Whether the add under way may use the reserve; adds are synchronous, so there is only one. */
  private critical = false;

  constructor(
    readonly definition: QueueDefinition,
    options: MemoryQueueOptions,
  ) {
    super(definition.name, options);
    this.ledger = new IdempotencyLedger(definition.name);
  }

  /**
   * @throws InvalidJobOptionsError, InvalidPayloadError as `admitJob`
   * @throws QueueFullError when as many jobs wait as may, or the broker's memory is used up
   */
  override async addBulk(jobs: BulkJob[]): Promise<MemoryJob[]> {
    checkBulkList(this.name, jobs);
    const admitted = jobs.map(({ name = DEFAULT_JOB_NAME, data, opts }) => ({
      name,
      job: this.admit(name, data, opts ?? {}),
    }));
    return admitted.map(({ name, job }) => this.addAdmitted(name, job) as MemoryJob);
  }

  /** @throws HandlerRegistrationError always */
  override process(...args: unknown[]): never {
    const jobName = typeof args[0] === 'string' ? args[0] : 'job-name';
    throw new HandlerRegistrationError(
      `Queue "${this.name}" is managed: its jobs cannot be taken with process() or @Process(). Put ` +
        `@JobHandler('${jobName}') on a method of a class with @Processor('${this.name}'); concurrency is a setting of the queue.`,
      { queue: this.name, job: jobName },
    );
  }

  /**
   * Adds a job for the broker.
   * @throws InvalidJobOptionsError, InvalidPayloadError, QueueFullError, BrokerUnavailableError
   */
  addOutcome({ name, data, options, critical }: AddRequest): AddOutcome {
    const job = this.admit(name, data, options);
    const known = this.engine.store.created;
    const handle = this.addAdmitted(name, job, critical);
    const isNew = this.engine.store.created > known || options.repeat !== undefined;
    return { id: handle?.id ?? '', deduplicated: !isNew };
  }

  /** Removes all that waits or is delayed. @returns their ids */
  purgeWaiting(): ReadonlySet<string> {
    const gone = [...this.engine.store.jobs.values()].filter(
      ({ state }) => state === 'waiting' || state === 'delayed',
    );
    for (const job of gone) this.engine.remove(job);
    return new Set(gone.map(({ id }) => id));
  }

  /** When the next job in line began to wait, as an ever growing number; null when none can run. */
  get nextInLine(): number | null {
    if (this.worker === null || this.parts.running.isHeld || this.engine.paused) return null;
    return this.engine.store.waiting.peek()?.sequence ?? null;
  }

  /** Starts to run jobs: by themselves up to `concurrency`, or with 0 only when the broker is told to. */
  work(concurrency: number, run: RunDelivery): MemoryQueueWorker {
    if (this.worker !== null && !this.worker.hasEnded) {
      throw new HandlerRegistrationError(`Queue "${this.name}" has a worker in this process already.`, {
        queue: this.name,
      });
    }
    const { parts } = this;
    const { running, settler } = parts;
    this.worker = new MemoryQueueWorker({
      queue: this.name,
      events: this.engine.events,
      loop: running.loop,
      run,
      writer: new SettlementWriter(this.engine, settler),
      handleOf: (stored) => parts.handleOf(stored),
    });
    running.loop.limit = 0;
    if (running.loop.isStopped) running.loop.restart();
    if (running.isHeld) running.loop.halt();
    running.beginWork(concurrency);
    return this.worker;
  }

  /** Takes the next job that is due and runs it to its end. @returns false when none is due or nobody works here */
  async runNext(): Promise<boolean> {
    this.engine.promoteDue();
    if (this.worker === null || this.parts.running.isHeld) return false;
    const stored = this.engine.take();
    if (stored === null) return false;
    await this.worker.runToEnd(stored);
    return true;
  }

  protected override addNow(name: string, data: unknown, options: JobOptions): MemoryJob {
    return this.addAdmitted(name, this.admit(name, data, options)) as MemoryJob;
  }

  protected override runJob(stored: StoredJob, number: number): void {
    this.worker?.begin(stored, number);
  }

  /** @returns undefined for a repeat schedule that has ended */
  private addAdmitted(
    name: string,
    job: AdmittedJob,
    critical = isCritical(job.options),
  ): MemoryJob | undefined {
    this.assertOpen(name);
    this.critical = critical;
    const options = this.compact.of(job.options);
    const created: NewJob = { name, json: job.json, options };
    const { adding, schedules } = this.parts;
    return options.repeat ? schedules.addNext(created, true) : adding.store(created, job.data);
  }

  private admit(name: string, data: unknown, options: ManagedJobOptions): AdmittedJob {
    return admitJob(this.name, this.definition, name, data, options, this.engine.clock.now());
  }

  protected override assertRoom(job: NewJob): void {
    const { maxWaiting } = this.definition;
    const limit = this.critical ? Math.ceil(maxWaiting * (1 + CRITICAL_RESERVE)) : maxWaiting;
    const depth = this.engine.store.waiting.size + this.engine.store.delayed.size;
    if (depth < limit) return;
    throw new QueueFullError(
      `Queue "${this.name}" is full: ${depth} jobs wait, ${maxWaiting} may (maxWaiting). Job "${job.name}" was not ` +
        `added; try again in ${RETRY_AFTER_MS} ms or run more workers.`,
      depth,
      maxWaiting,
      RETRY_AFTER_MS,
      { queue: this.name, job: job.name },
    );
  }
}

function isCritical(options: JobOptions): boolean {
  return options.priority === CRITICAL_BULL_PRIORITY;
}
