import type { JobOptions } from 'bull';
import { allOf } from '../../../kernel/time/all-of.js';
import { checkBulkList } from '../../admission/bulk-list.js';
import { dueOptions } from '../../admission/flow/due-time.js';
import { admitJob, admitOptions } from '../../admission/job-admission.js';
import type { AdmittedJob } from '../../admission/job-admission.js';
import { newJobId } from '../../admission/job-id.js';
import { groupName, groupsOf } from '../../jobs/flow/group-name.js';
import type { ManagedJobOptions } from '../../jobs/managed-job.js';
import type { SealableQueue } from '../../jobs/sealing/payload-seal.js';
import type { RunJob } from '../../jobs/taken-job.js';
import { isOrdinary } from '../broker.js';
import type { AddOutcome, AddRequest, IdempotentAdd, OrdinaryAdd } from '../broker.js';
import { DEFAULT_JOB_NAME } from '../rules/bull-arguments.js';
import type { BulkJob } from '../rules/bull-arguments.js';
import { queueFull, tenantFull } from '../rules/add-errors.js';
import { tenantLimit } from '../rules/group-rules.js';
import { oneByOne } from '../rules/broken-run.js';
import { processRefused, workerTwice } from '../rules/queue-errors.js';
import { assertSamePayload } from '../rules/used-key.js';
import type { UsedKey } from '../rules/used-key.js';
import { isCritical, waitingLimit } from '../rules/waiting-limit.js';
import { CompactOptions } from './store/compact-options.js';
import { IdempotencyLedger } from './store/idempotency-ledger.js';
import type { NewJob } from './bull/adding/new-job.js';
import type { QueueSchedules } from './bull/adding/queue-schedules.js';
import type { MemoryJob } from './bull/job/memory-job.js';
import { MemoryQueue } from './bull/queue/memory-queue.js';
import type { MemoryQueueOptions } from './bull/queue/memory-queue.options.js';
import { MemoryQueueWorker } from './memory-queue-worker.js';
import { SettlementWriter } from './settlement-writer.js';
import type { StoredJob } from './store/stored-job.js';

/**
 * The memory queue that hosts inject: `add` and `addBulk` check options, generate ids and keep `maxWaiting`;
 * `process` is refused, because our worker runs the jobs.
 */
export class ManagedMemoryQueue extends MemoryQueue {
  readonly ledger: IdempotencyLedger;
  /** Null until this process works on the queue. */
  worker: MemoryQueueWorker | null = null;
  private readonly compact: CompactOptions;
  /** Whether the add under way may use the reserve; adds are synchronous, so there is only one. */
  private critical = false;

  constructor(
    readonly definition: SealableQueue,
    options: MemoryQueueOptions,
  ) {
    super(definition.name, options);
    const { failedCount: count, failedBytes: bytes, completedCount, completedAgeMs } = definition.retention;
    this.engine.store.failedLimit = { count, bytes };
    this.engine.store.expiredLimit = { count: completedCount, ageSeconds: completedAgeMs / 1_000 };
    this.ledger = new IdempotencyLedger(definition.maxIdempotencyKeys);
    this.compact = new CompactOptions((given) =>
      admitOptions(this.name, definition, 'any', given, this.engine.clock.now()),
    );
  }

  /**
   * @throws InvalidJobOptionsError, InvalidPayloadError as `admitJob`
   * @throws QueueFullError when as many jobs wait as may, or the broker's memory is used up
   */
  protected override async addAll(jobs: BulkJob[]): Promise<MemoryJob[]> {
    checkBulkList(this.name, jobs);
    const admitting = jobs.map(({ name = DEFAULT_JOB_NAME, data, opts }) =>
      this.admit(name, data, opts ?? {}),
    );
    const all = allOf(admitting);
    // Not awaited without need: what is added by the next call comes behind it.
    const admitted = all instanceof Promise ? await all : all;
    return admitted.map((job, i) => this.addForHandle(jobs[i]?.name ?? DEFAULT_JOB_NAME, job));
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
      return outcomeOf(this.parts.adding.add(this.ordinaryJob(request)));
    }
    const job = this.admit(name, data, options, dueAt);
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
    const outcome = outcomeOf(this.parts.adding.add(this.toStore(name, job, critical)));
    const { id, deduplicated } = outcome;
    if (idempotency !== undefined && !deduplicated) this.ledger.remember(idempotency, id, now);
    return outcome;
  }

  /** @throws IdempotencyConflictError, KeyUnavailableError */
  private addedBefore(
    job: string,
    { key, fingerprint }: IdempotentAdd,
    { json, options }: AdmittedJob,
    used: UsedKey,
  ): AddOutcome | Promise<AddOutcome> {
    const outcome = { id: used.jobId, deduplicated: true };
    if (used.fingerprint === fingerprint) return outcome;
    const repeated = { job, jobId: String(options.jobId), json, key, fingerprint };
    return assertSamePayload(this.definition, repeated, used).then(() => outcome);
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
    this.worker = new MemoryQueueWorker({
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
    const job = this.admit(name, data, options);
    return job instanceof Promise
      ? job.then((it) => this.addForHandle(name, it))
      : this.addForHandle(name, job);
  }

  protected override runJob(stored: StoredJob, number: number): void {
    this.worker?.begin(stored, number);
  }

  private addForHandle(name: string, job: AdmittedJob): MemoryJob {
    const toStore = this.toStore(name, job);
    if (job.options.repeat === undefined) return this.parts.adding.store(toStore);
    this.schedules.addSchedule(toStore);
    return this.schedules.handleOf(toStore) as MemoryJob;
  }

  private addSchedule(name: string, job: AdmittedJob): AddOutcome {
    const { id, addition } = this.schedules.addSchedule(this.toStore(name, job));
    return { id, deduplicated: addition === 'unchanged', schedule: addition };
  }

  private ordinaryJob({ name, data, options, critical }: OrdinaryAdd): NewJob {
    this.critical = isCritical(critical, options);
    const timestamp = this.engine.clock.now();
    return {
      name,
      json: data.json,
      id: newJobId(),
      timestamp,
      options: this.compact.ordinaryAt(options.priority),
    };
  }

  private toStore(name: string, { json, options }: AdmittedJob, critical?: boolean): NewJob {
    this.assertOpen(name);
    this.critical = isCritical(critical, options);
    const { jobId, timestamp = 0 } = options;
    const id = jobId === undefined ? null : String(jobId);
    return { name, json, id, timestamp, options: this.compact.of(options) };
  }

  private admit(
    name: string,
    data: unknown,
    options: ManagedJobOptions,
    dueAt?: number,
  ): AdmittedJob | Promise<AdmittedJob> {
    const now = this.engine.clock.now();
    return admitJob(this.name, this.definition, name, data, dueOptions(options, dueAt, now), now);
  }

  protected override assertRoom(job: NewJob): void {
    if (job.options.repeat !== undefined) return;
    const { maxWaiting, flow } = this.definition;
    const { waitingCount, store } = this.engine;
    const place = { queue: this.name, job: job.name };
    const depth = waitingCount + store.delayed.size;
    if (depth >= waitingLimit(maxWaiting, this.critical)) throw queueFull(place, depth, maxWaiting);
    const { tenant } = groupsOf(flow, job.name, job.options.mq);
    if (tenant === undefined) return;
    const ofTenant = store.tenantDepths.of(groupName('tenant', tenant));
    const limit = tenantLimit(flow?.tenant, maxWaiting);
    if (ofTenant >= limit) throw tenantFull(place, tenant, ofTenant, limit);
  }
}

function outcomeOf(added: StoredJob | string): AddOutcome {
  if (typeof added === 'string') return { id: added, deduplicated: true };
  return { id: added.id, deduplicated: false };
}
