import type { JobOptions } from 'bull';
import { allOf } from '../../../kernel/time/all-of.js';
import { checkBulkList } from '../../admission/bulk-list.js';
import type { AdmittedJob } from '../../admission/job-admission.js';
import type { SealableQueue } from '../../jobs/sealing/payload-seal.js';
import type { RunJob } from '../../jobs/taken-job.js';
import { isOrdinary } from '../broker.js';
import type { AddOutcome, AddRequest, IdempotentAdd } from '../broker.js';
import { DEFAULT_JOB_NAME } from '../rules/bull-arguments.js';
import type { BulkJob } from '../rules/bull-arguments.js';
import { oneByOne } from '../rules/broken-run.js';
import { processRefused, workerTwice } from '../rules/queue-errors.js';
import { assertSamePayload } from '../rules/used-key.js';
import type { UsedKey } from '../rules/used-key.js';
import { IdempotencyLedger } from './store/idempotency-ledger.js';
import type { NewJob } from './bull/adding/new-job.js';
import type { QueueSchedules } from './bull/adding/queue-schedules.js';
import type { MemoryJob } from './bull/job/memory-job.js';
import { MemoryQueue } from './bull/queue/memory-queue.js';
import type { MemoryQueueOptions } from './bull/queue/memory-queue.options.js';
import { MemoryQueueWorker } from './memory-queue-worker.js';
import type { WorkerParts } from './memory-queue-worker.js';
import { QueueEntrance } from './queue-entrance.js';
import { SettlementWriter } from './settlement-writer.js';
import type { StoredJob } from './store/stored-job.js';

/** A job that is right, and its name. */
export type NamedJob = readonly [name: string, job: AdmittedJob];

/**
 * The memory queue that hosts inject: `add` and `addBulk` check options, generate ids and keep `maxWaiting`;
 * `process` is refused, because our worker runs the jobs.
 */
export class ManagedMemoryQueue extends MemoryQueue {
  readonly ledger: IdempotencyLedger;
  /** Null until this process works on the queue. */
  worker: MemoryQueueWorker | null = null;
  private readonly entrance: QueueEntrance;

  constructor(
    readonly definition: SealableQueue,
    options: MemoryQueueOptions,
  ) {
    super(definition.name, options);
    const { failedCount: count, failedBytes: bytes, completedCount, completedAgeMs } = definition.retention;
    this.engine.store.failedLimit = { count, bytes };
    this.engine.store.expiredLimit = { count: completedCount, ageSeconds: completedAgeMs / 1_000 };
    this.ledger = new IdempotencyLedger(definition.maxIdempotencyKeys);
    this.entrance = new QueueEntrance(definition, this.engine);
  }

  /**
   * @throws InvalidJobOptionsError, InvalidPayloadError as `admitJob`
   * @throws QueueFullError when as many jobs wait as may, or the broker's memory is used up
   */
  protected override async addAll(jobs: BulkJob[]): Promise<MemoryJob[]> {
    checkBulkList(this.name, jobs);
    const admitting = jobs.map(({ name = DEFAULT_JOB_NAME, data, opts }) =>
      this.entrance.admit(name, data, opts ?? {}),
    );
    const all = allOf(admitting);
    // Not awaited without need: what is added by the next call comes behind it.
    const admitted = all instanceof Promise ? await all : all;
    return allOf(this.addEach(admitted.map((job, i) => [jobs[i]?.name ?? DEFAULT_JOB_NAME, job])));
  }

  /** Adds jobs that are right, in their order. */
  protected addEach(jobs: readonly NamedJob[]): (MemoryJob | Promise<MemoryJob>)[] {
    return jobs.map(([name, job]) => this.addForHandle(name, job));
  }

  /** @throws HandlerRegistrationError always */
  override process(...args: unknown[]): never {
    throw processRefused(this.name, args);
  }

  /**
   * Adds a job for the broker.
   * @throws InvalidJobOptionsError, InvalidPayloadError, QueueFullError, IdempotencyConflictError, BrokerUnavailableError
   */
  addOnce(request: AddRequest): AddOutcome | Promise<AddOutcome> {
    const { name, data, options, dueAt } = request;
    this.assertOpen(name);
    if (isOrdinary(request) && request.options.mq === undefined) {
      const ordinary = this.entrance.ordinary(request);
      return this.answer(this.parts.adding.add(ordinary), ordinary);
    }
    const job = this.entrance.admit(name, data, options, dueAt);
    return job instanceof Promise
      ? job.then((it) => this.addAdmitted(request, it))
      : this.addAdmitted(request, job);
  }

  private addAdmitted(request: AddRequest, job: AdmittedJob): AddOutcome | Promise<AddOutcome> {
    const { name, options, critical, idempotency } = request;
    this.assertOpen(name);
    const now = this.engine.clock.now();
    if (idempotency !== undefined) {
      const used = this.ledger.find(idempotency, now);
      if (used !== undefined) return this.addedBefore(name, idempotency, job, used);
    }
    if (options.repeat !== undefined) return this.addSchedule(name, job);
    const toStore = this.entrance.toStore(name, job, critical);
    const added = this.parts.adding.add(toStore);
    if (idempotency !== undefined && typeof added !== 'string') {
      this.ledger.remember(idempotency, added.id, now);
    }
    return this.answer(added, toStore);
  }

  /** What whoever added a job is told. @param added the job, or the id of the one that stands for it */
  protected answer(added: StoredJob | string, _job: NewJob): AddOutcome | Promise<AddOutcome> {
    if (typeof added === 'string') return { id: added, deduplicated: true };
    return { id: added.id, deduplicated: false };
  }

  /** What whoever used a key again for the same payload is told. @param id of the job that it stands for */
  protected answerAgain(id: string): AddOutcome | Promise<AddOutcome> {
    return { id, deduplicated: true };
  }

  /** @throws IdempotencyConflictError, KeyUnavailableError */
  private addedBefore(
    job: string,
    { key, fingerprint }: IdempotentAdd,
    { json, options }: AdmittedJob,
    used: UsedKey,
  ): AddOutcome | Promise<AddOutcome> {
    if (used.fingerprint === fingerprint) return this.answerAgain(used.jobId);
    const repeated = { job, jobId: String(options.jobId), json, key, fingerprint };
    return assertSamePayload(this.definition, repeated, used).then(() => this.answerAgain(used.jobId));
  }

  /** The schedules of this queue. */
  get schedules(): QueueSchedules {
    return this.parts.schedules;
  }

  /** When the next job in line began to wait, as an ever growing number; null when none can run. */
  get nextInLine(): number | null {
    if (this.worker === null || this.parts.running.isHeld || this.engine.paused) return null;
    return this.engine.store.waiting.peekAny()?.sequence ?? null;
  }

  /** Starts to run jobs: by themselves up to `concurrency`, or with 0 only when the broker is told to. */
  work(concurrency: number, run: RunJob, runBatch = oneByOne(run)): MemoryQueueWorker {
    if (this.worker !== null && !this.worker.hasEnded) throw workerTwice(this.name);
    const { parts } = this;
    const { running, settler } = parts;
    this.worker = this.newWorker({
      definition: this.definition,
      clock: this.engine.clock,
      events: this.engine.events,
      loop: running.loop,
      run,
      runBatch,
      companionsOf: (stored) => this.engine.takeCompanions(stored),
      writer: new SettlementWriter(this.engine, settler),
      handleOf: (stored) => parts.handleOf(stored),
      schedules: parts.schedules,
    });
    running.loop.limit = 0;
    if (running.loop.isStopped) running.loop.restart();
    if (running.isHeld) running.loop.halt();
    running.beginWork(concurrency);
    return this.worker;
  }

  protected newWorker(parts: WorkerParts): MemoryQueueWorker {
    return new MemoryQueueWorker(parts);
  }

  /** Everything closes: nobody waits any longer for handlers that still run. */
  cutOff(): void {
    this.parts.running.loop.cutOff();
    this.worker?.cutOff();
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

  protected override addNow(
    name: string,
    data: unknown,
    options: JobOptions,
  ): MemoryJob | Promise<MemoryJob> {
    const job = this.entrance.admit(name, data, options);
    return job instanceof Promise
      ? job.then((it) => this.addForHandle(name, it))
      : this.addForHandle(name, job);
  }

  protected override runJob(stored: StoredJob, number: number): void {
    this.worker?.begin(stored, number);
  }

  protected addForHandle(name: string, job: AdmittedJob): MemoryJob | Promise<MemoryJob> {
    this.assertOpen(name);
    const { adding } = this.parts;
    const toStore = this.entrance.toStore(name, job);
    if (job.options.repeat !== undefined) {
      this.schedules.addSchedule(toStore);
      return this.schedules.handleOf(toStore) as MemoryJob;
    }
    const added = adding.add(toStore);
    const answer = this.answer(added, toStore);
    const handle = adding.handleOfAdd(toStore, added);
    return answer instanceof Promise ? answer.then(() => handle) : handle;
  }

  private addSchedule(name: string, job: AdmittedJob): AddOutcome {
    const { id, addition } = this.schedules.addSchedule(this.entrance.toStore(name, job));
    return { id, deduplicated: addition === 'unchanged', schedule: addition };
  }

  protected override assertRoom(job: NewJob): void {
    this.entrance.assertRoom(job);
  }
}
