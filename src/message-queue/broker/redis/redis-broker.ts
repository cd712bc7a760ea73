import type { Queue } from 'bull';
import type { Redis } from 'ioredis';
import { SystemClock } from '../../jobs/clock.js';
import { DuplicateRegistrationError, UnknownQueueError } from '../../jobs/errors.js';
import type { ManagedJobRecord, ReplayRecord } from '../../jobs/managed-job.js';
import type { QueueDefinition } from '../../jobs/queue-definition.js';
import { messageQueueBackoffStrategies } from '../../jobs/retry-policy.js';
import { Broker } from '../broker.js';
import type {
  AddOutcome,
  AddRequest,
  BulkAddOutcome,
  CancelOutcome,
  QueueSnapshot,
  QueueWorker,
  RunDelivery,
  ServerReport,
} from '../broker.js';
import { emitSafely } from './bull-internals.js';
import { Enqueuer } from './enqueuer.js';
import { JobChanges } from './job-changes.js';
import { MemoryGuard } from './memory-guard.js';
import { resolveOptions } from './redis-broker.options.js';
import type {
  BrokerProblem,
  RedisBrokerOptions,
  ResolvedRedisBrokerOptions,
} from './redis-broker.options.js';
import { RedisConnections } from './redis-connections.js';
import { RedisQueue } from './redis-queue.js';
import { RedisScripts } from './redis-scripts.js';
import { discardJobScript, purgeQueueScript } from './scripts/remove-jobs.lua.js';
import { snapshotQueueScript } from './scripts/snapshot-queue.lua.js';
import { inspectRedis } from './server-inspection.js';
import { WorkerService } from './worker-service.js';

/** How long `close()` waits for handlers that still run; the service drains before. */
const LONGEST_CLOSE_MS = 3_000;
/** Jobs removed by one command: more would block Redis for others. */
const PURGE_STEP = 1_000;
/** Bull would end jobs of killed workers after this many crashes; the executor decides that here. */
const NEVER = Number.MAX_SAFE_INTEGER;

interface Entry {
  readonly queue: RedisQueue;
  readonly enqueuer: Enqueuer;
  service: WorkerService | null;
}

/** The Redis provider: Bull's data layout and queue class, our rules. */
export class RedisBroker extends Broker {
  readonly provider = 'redis';
  private readonly options: ResolvedRedisBrokerOptions;
  private readonly connections: RedisConnections;
  private readonly scripts: RedisScripts;
  private readonly memory: MemoryGuard;
  private readonly changes: JobChanges;
  private readonly entries = new Map<string, Entry>();
  private closed: Promise<void> | null = null;

  constructor(options: RedisBrokerOptions) {
    super();
    this.options = resolveOptions(options, new SystemClock());
    const { redis, socketTimeoutMs, memoryLimitRatio } = this.options;
    this.connections = new RedisConnections(redis, socketTimeoutMs, (cause) =>
      this.options.onProblem({ kind: 'connection', message: cause.message, cause }),
    );
    this.scripts = new RedisScripts(this.connections);
    this.memory = new MemoryGuard(this.connections, memoryLimitRatio);
    this.changes = new JobChanges(this.scripts, this.connections);
  }

  /** @throws DuplicateRegistrationError when the broker has a queue of this name */
  createQueue(definition: QueueDefinition): Queue {
    if (this.entries.has(definition.name)) {
      const message = `Queue "${definition.name}" was created twice. Register it once.`;
      throw new DuplicateRegistrationError(message, { queue: definition.name });
    }
    const queue: RedisQueue = new RedisQueue(definition, this.bullOptions(definition.name), {
      addJob: (_, name, data, options) => enqueuer.addJob(name, data, options),
      addJobs: (_, jobs) => enqueuer.addJobs(jobs),
    });
    const { scripts, connections, memory } = this;
    const { enqueueTimeoutMs: timeoutMs, clock } = this.options;
    const now = (): number => clock.now();
    const enqueuer = new Enqueuer({ queue, scripts, connections, memory, timeoutMs, now });
    this.entries.set(definition.name, { queue, enqueuer, service: null });
    return queue;
  }

  addOnce(queue: Queue, request: AddRequest): Promise<AddOutcome> {
    return this.entryOf(queue).enqueuer.addOnce(request);
  }

  addMany(queue: Queue, requests: readonly AddRequest[]): Promise<BulkAddOutcome[]> {
    return this.entryOf(queue).enqueuer.addMany(requests);
  }

  /** @throws HandlerRegistrationError when this process works on the queue already */
  async work(queue: Queue, concurrency: number, run: RunDelivery): Promise<QueueWorker> {
    const entry = this.entryOf(queue);
    await entry.queue.isReady();
    const { scripts, connections, options } = this;
    const report = (problem: BrokerProblem): void => this.report(problem);
    if (entry.service?.hasEnded === true) await entry.service.dispose();
    const service = new WorkerService(
      { queue: entry.queue, scripts, connections, options, report },
      concurrency,
      run,
    );
    service.start();
    entry.service = service;
    return service.worker;
  }

  cancel(queue: Queue, jobId: string, reason: string): Promise<CancelOutcome> {
    return this.changes.cancel(this.entryOf(queue).queue, jobId, reason, this.options.clock.now());
  }

  replay(queue: Queue, jobId: string, replay: ReplayRecord): Promise<boolean> {
    return this.changes.replay(this.entryOf(queue).queue, jobId, replay, this.options.clock.now());
  }

  async discard(queue: Queue, jobId: string): Promise<boolean> {
    const { base } = this.entryOf(queue).queue;
    const job = await queue.getJob(jobId);
    if ((await this.scripts.run(discardJobScript, base, [jobId])) !== 1) return false;
    if (job !== null) emitSafely(queue, 'removed', job);
    return true;
  }

  async purge(queue: Queue): Promise<number> {
    const { base } = this.entryOf(queue).queue;
    for (let removed = 0; ;) {
      const step = Number(await this.scripts.run(purgeQueueScript, base, [PURGE_STEP]));
      removed += step;
      if (step < PURGE_STEP) return removed;
    }
  }

  annotate(
    queue: Queue,
    jobId: string,
    change: (record: ManagedJobRecord) => ManagedJobRecord,
  ): Promise<boolean> {
    return this.changes.annotate(this.entryOf(queue).queue, jobId, change);
  }

  async snapshot(queue: Queue): Promise<QueueSnapshot> {
    const reply = (await this.scripts.run(snapshotQueueScript, this.entryOf(queue).queue.base, [])) as [
      ...[number, number, number, number, number, number, number],
      string | null,
    ];
    const [waiting, active, delayed, completed, failed, paused, isPaused, oldest] = reply;
    const oldestWaitingAt = oldest === null ? null : Number(oldest);
    return { waiting, active, delayed, completed, failed, paused, isPaused: isPaused === 1, oldestWaitingAt };
  }

  inspectServer(): Promise<ServerReport> {
    return inspectRedis(this.connections);
  }

  /** Waits at most three seconds for handlers that still run; their jobs run again when their locks have run out. */
  close(): Promise<void> {
    this.closed ??= this.closeAll();
    return this.closed;
  }

  private async closeAll(): Promise<void> {
    const entries = [...this.entries.values()];
    for (const { enqueuer } of entries) enqueuer.close();
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise((resolve) => (timer = setTimeout(resolve, LONGEST_CLOSE_MS)));
    await Promise.race([Promise.all(entries.map(({ queue }) => queue.close())), tooLate]);
    clearTimeout(timer);
    await Promise.all(entries.map(async ({ service }) => service?.dispose()));
    await this.connections.close();
  }

  private bullOptions(name: string): ConstructorParameters<typeof RedisQueue>[1] {
    const { redis, prefix } = this.options;
    const tagged =
      redis.topology.kind === 'cluster' && !prefix.includes('{') ? `{${prefix}:${name}}` : prefix;
    return {
      prefix: tagged,
      createClient: (type) => this.clientFor(type) as Redis,
      settings: { maxStalledCount: NEVER, backoffStrategies: { ...messageQueueBackoffStrategies } },
      skipVersionCheck: true,
    } as ConstructorParameters<typeof RedisQueue>[1];
  }

  private clientFor(type: 'client' | 'subscriber' | 'bclient'): unknown {
    if (type === 'client') return this.connections.client;
    if (type === 'subscriber') return this.connections.subscriber;
    // Only for hosts that call getNextJob() themselves.
    return this.connections.openBlocking(BULL_BLOCK_MS);
  }

  private report(problem: BrokerProblem): void {
    this.options.onProblem(problem);
    const queue = problem.queue === undefined ? undefined : this.entries.get(problem.queue)?.queue;
    const cause = problem.cause instanceof Error ? problem.cause : new Error(problem.message);
    if (queue !== undefined) emitSafely(queue, 'error', cause);
  }

  private entryOf(queue: Queue): Entry {
    const entry = this.entries.get(queue.name);
    if (entry === undefined || entry.queue !== queue) {
      throw new UnknownQueueError(`Queue "${queue.name}" was not created by this broker.`, {
        queue: queue.name,
      });
    }
    return entry;
  }
}

/** Bull's `drainDelay`. */
const BULL_BLOCK_MS = 5_000;
