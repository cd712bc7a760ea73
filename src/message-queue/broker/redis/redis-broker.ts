import type { Queue } from 'bull';
import type { ReplayRecord } from '../../jobs/managed-job.js';
import type { SealableQueue } from '../../jobs/sealing/payload-seal.js';
import type { TextPass, TextReader, TextReport } from '../../jobs/sealing/stored-texts.js';
import type { RunJob } from '../../jobs/taken-job.js';
import { Broker } from '../broker.js';
import type { AddOutcome, AddRequest, BulkAddOutcome, CancelOutcome, FailedJob } from '../broker.js';
import type { FailedRange, FailedSweep, QueueSnapshot, QueueWorker, LetterTarget } from '../broker.js';
import type { ServerReport, SpoolDepth } from '../broker.js';
import type { GroupsOfQueue } from '../groups-of-queue.js';
import type { JobsOfQueue } from '../jobs-of-queue.js';
import { oneByOne } from '../rules/broken-run.js';
import { closeQueues } from '../rules/close-queues.js';
import type { AbandonedQueue, UnknownJobs } from '../rules/other-releases.js';
import type { SchedulesOfQueue } from '../rules/schedules/schedule-care.js';
import { foreignQueue, queueTwice } from '../rules/queue-errors.js';
import { lossMessage } from '../store-loss.js';
import type { StoreLoss } from '../store-loss.js';
import { StoreEpochs } from './epoch/store-epochs.js';
import { RedisActivity } from './activity/redis-activity.js';
import { askOver, boundCalls } from './bull/bounded-calls.js';
import { CrashSuspects } from './working/crash-suspects.js';
import { Enqueuer } from './adding/enqueuer.js';
import { QueueAdministration } from './administration/queue-administration.js';
import { MemoryGuard } from './connections/memory-guard.js';
import { resolveOptions } from './redis-broker.options.js';
import type { RedisBrokerOptions, ResolvedRedisBrokerOptions } from './redis-broker.options.js';
import { BrokerProblems } from './broker-problems.js';
import { RedisConnections } from './connections/redis-connections.js';
import { RedisRates } from './redis-rates.js';
import { bullOptions } from './queue-options.js';
import { RedisQueue } from './bull/redis-queue.js';
import { RedisScripts } from './connections/redis-scripts.js';
import { Spool } from './spool/spool.js';
import { inspectRedis } from './connections/server-inspection.js';
import { QueueSweeps } from './working/keeping/queue-sweeps.js';
import { WorkerService } from './working/worker-service.js';

/** How long a worker waits for Redis to tell its time before it starts. */
const CLOCK_WITHIN_MS = 2_000;

interface Entry {
  readonly queue: RedisQueue;
  readonly enqueuer: Enqueuer;
  service: WorkerService | null;
}

/** The Redis provider: Bull's data layout and queue class, our rules. */
export class RedisBroker extends Broker {
  readonly provider = 'redis';
  readonly rates: RedisRates;
  readonly activity: RedisActivity;
  private readonly options: ResolvedRedisBrokerOptions;
  private readonly problems: BrokerProblems;
  private readonly connections: RedisConnections;
  private readonly scripts: RedisScripts;
  private readonly memory: MemoryGuard;
  private readonly spool: Spool | null;
  private readonly administration: QueueAdministration;
  private readonly suspects = new CrashSuspects();
  private readonly epochs: StoreEpochs;
  private readonly sweeps: QueueSweeps;
  private readonly entries = new Map<string, Entry>();
  private closed: Promise<void> | null = null;

  constructor(options: RedisBrokerOptions) {
    super();
    this.options = resolveOptions(options);
    const { redis, socketTimeoutMs, memoryLimitRatio } = this.options;
    this.problems = new BrokerProblems(this.options, (name) => this.entries.get(name)?.queue);
    const { onProblem, whenUnavailable, spool } = this.options;
    const onSpool = (message: string, cause: unknown): void => onProblem({ kind: 'spool', message, cause });
    this.spool = whenUnavailable === 'spool' && spool !== null ? new Spool(spool, onSpool) : null;
    const { outage } = this.problems;
    this.connections = new RedisConnections(redis, socketTimeoutMs, outage, (message) =>
      onProblem({ kind: 'clock', message }),
    );
    this.problems.watch(this.connections);
    this.scripts = new RedisScripts(this.connections);
    this.memory = new MemoryGuard(this.connections, memoryLimitRatio);
    const access = { scripts: this.scripts, connections: this.connections };
    this.epochs = new StoreEpochs(this.options.prefix, access, (loss, keys) =>
      onProblem({ kind: 'loss', message: lossMessage(loss, keys) }),
    );
    this.sweeps = new QueueSweeps(access, this.options, (base) => {
      outage.taken();
      this.epochs.of(base).see();
    });
    this.rates = new RedisRates(this.options, this.scripts, this.connections.clock);
    const administered = { ...access, options: this.options, spool: this.spool };
    this.administration = new QueueAdministration(administered, () => this.now());
    this.activity = new RedisActivity(access, this.options, this.administration.snapshots);
  }

  override get spooled(): SpoolDepth | null {
    return this.spool?.depth ?? null;
  }

  now(): number {
    return this.connections.clock.now();
  }

  /** @throws DuplicateRegistrationError when the broker has a queue of this name */
  createQueue(definition: SealableQueue, { isOwn } = { isOwn: true }): Queue {
    if (this.entries.has(definition.name)) throw queueTwice(definition.name);
    const ask = askOver(definition.name, this.connections);
    const queue: RedisQueue = new RedisQueue(
      definition,
      bullOptions(this.options, definition.name, this.connections),
      {
        ask,
        schedules: () => enqueuer.schedules,
        addJob: (name, data, options) => enqueuer.addJob(name, data, options),
        addJobs: (jobs) => enqueuer.addJobs(jobs),
      },
    );
    const { scripts, connections, memory, spool } = this;
    const { enqueueTimeoutMs: timeoutMs, whenUnavailable } = this.options;
    const waits = whenUnavailable === 'wait';
    const parts = { queue, scripts, connections, memory, timeoutMs, waits, spool };
    const enqueuer = new Enqueuer({ ...parts, report: this.problems.report });
    boundCalls(queue, ask);
    // From the first connection on.
    this.epochs.of(queue.base);
    if (isOwn) this.administration.knownQueues.add(definition.name);
    this.entries.set(definition.name, { queue, enqueuer, service: null });
    return queue;
  }

  addOnce(queue: Queue, request: AddRequest): Promise<AddOutcome> {
    return this.entryOf(queue).enqueuer.addOnce(request);
  }

  addMany(queue: Queue, requests: readonly AddRequest[]): Promise<BulkAddOutcome[]> {
    return this.entryOf(queue).enqueuer.addMany(requests);
  }

  /** @throws HandlerRegistrationError when this process already works on the queue */
  async work(queue: Queue, concurrency: number, run: RunJob, runBatch = oneByOne(run)): Promise<QueueWorker> {
    const entry = this.entryOf(queue);
    await entry.queue.isReady();
    // What is told of the first jobs goes by the clock too.
    await this.connections.ready(CLOCK_WITHIN_MS);
    const { scripts, connections, options } = this;
    const { report } = this.problems;
    if (entry.service?.hasEnded === true) await entry.service.dispose();
    const service = new WorkerService(
      {
        ...{ queue: entry.queue, scripts, connections, options, report, suspects: this.suspects },
        onCallFailed: (error) => this.problems.reportCall(queue.name, error),
        sweep: this.sweeps.forWorker(),
      },
      concurrency,
      run,
      runBatch,
    );
    service.start();
    entry.service = service;
    return service.worker;
  }

  cancel(queue: Queue, jobId: string, reason: string): Promise<CancelOutcome> {
    return this.administration.cancel(this.entryOf(queue).queue, jobId, reason);
  }

  readFailed(queue: Queue, range: FailedRange): Promise<(FailedJob | null)[]> {
    return this.administration.readFailed(this.entryOf(queue).queue, range);
  }

  replay(queue: Queue, jobs: readonly LetterTarget[], replay: ReplayRecord): Promise<ReadonlySet<string>> {
    return this.administration.replay(this.entryOf(queue).queue, jobs, replay);
  }

  discard(queue: Queue, jobs: readonly LetterTarget[]): Promise<ReadonlySet<string>> {
    return this.administration.discard(this.entryOf(queue).queue, jobs);
  }

  sweepFailed(queue: Queue, step: number): Promise<FailedSweep> {
    return this.administration.sweepFailed(this.entryOf(queue).queue, step);
  }

  purge(queue: Queue): Promise<number> {
    return this.administration.purge(this.entryOf(queue).queue);
  }

  jobsOf(queue: Queue): JobsOfQueue {
    return this.administration.jobsOf(this.entryOf(queue).queue);
  }

  replaceTexts(queue: Queue, read: TextReader, pass?: TextPass): Promise<TextReport> {
    return this.administration.replaceTexts(this.entryOf(queue).queue, read, pass);
  }

  schedulesOf(queue: Queue): SchedulesOfQueue {
    return this.entryOf(queue).enqueuer.schedules;
  }

  groupsOf(queue: Queue): GroupsOfQueue {
    return this.administration.groupsOf(this.entryOf(queue).queue);
  }

  snapshot(queue: Queue): Promise<QueueSnapshot> {
    return this.administration.snapshot(this.entryOf(queue).queue);
  }

  readUnknown(queue: Queue): Promise<UnknownJobs> {
    return this.administration.readUnknown(this.entryOf(queue).queue);
  }

  readAbandoned(): Promise<AbandonedQueue[]> {
    return this.administration.knownQueues.readAbandoned();
  }

  async inspectServer(): Promise<ServerReport> {
    const report = await inspectRedis(this.connections, this.options.guarantees);
    const loss = report.reachable ? await this.epochs.loss() : null;
    return loss === null ? report : { ...report, loss };
  }

  onLoss(listener: (loss: StoreLoss) => void): void {
    this.epochs.onLoss(listener);
  }

  acknowledgeLoss(): Promise<boolean> {
    return this.epochs.acknowledge();
  }

  /** Waits at most three seconds for running handlers; their jobs run again once their locks have expired. */
  close(): Promise<void> {
    this.closed ??= this.closeAll();
    return this.closed;
  }

  private async closeAll(): Promise<void> {
    const entries = [...this.entries.values()];
    this.administration.knownQueues.stop();
    this.spool?.stopSending();
    for (const { enqueuer } of entries) enqueuer.close();
    await closeQueues(entries.map(({ queue }) => queue));
    await Promise.all(entries.map(async ({ service }) => service?.dispose()));
    await this.connections.close();
    await this.spool?.close();
  }

  private entryOf(queue: Queue): Entry {
    const entry = this.entries.get(queue.name);
    if (entry === undefined || entry.queue !== queue) throw foreignQueue(queue.name);
    return entry;
  }
}
