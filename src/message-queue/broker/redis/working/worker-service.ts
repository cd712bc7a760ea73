import type { RunBatch, RunJob } from '../../../jobs/taken-job.js';
import type { CrashSuspects } from './crash-suspects.js';
import { sortStoreIn } from '../bull/lanes/lane-migration.js';
import { ExpiredJobs } from './keeping/expired-jobs.js';
import type { StopMessage } from '../scripts/cancel-job.lua.js';
import { LockKeeper } from './lock-keeper.js';
import { QueueCommands } from './queue-commands.js';
import type { BrokerProblem, ResolvedRedisBrokerOptions } from '../redis-broker.options.js';
import type { RedisConnections } from '../connections/redis-connections.js';
import { stopReason } from '../bull/redis-taken-job.js';
import { RedisQueueWorker } from './redis-queue-worker.js';
import type { RedisQueue, WorkerOfQueue } from '../bull/redis-queue.js';
import type { RedisScripts } from '../connections/redis-scripts.js';
import { PassedOnJobs } from './keeping/passed-on-jobs.js';
import { HeldJobs } from './keeping/held-jobs.js';
import { StalledRecovery } from './keeping/stalled-recovery.js';
import type { QueueLook, QueueSweep, SweptQueue } from './keeping/queue-sweep.js';
import { settlesWithin } from '../../../../kernel/time/settles-within.js';
import { WaitSignal } from './wait-signal.js';
import { Waker } from './keeping/waker.js';
import { Watchdog } from './keeping/watchdog.js';

/** How long those of its loops may take that are under way when it ends, milliseconds. */
const LAST_TURNS_MS = 200;

/** What working on a queue depends on. */
export interface WorkerServiceParts {
  readonly queue: RedisQueue;
  readonly scripts: RedisScripts;
  readonly connections: RedisConnections;
  readonly options: ResolvedRedisBrokerOptions;
  readonly report: (problem: BrokerProblem) => void;
  /** A call failed that will be made again. */
  readonly onCallFailed: (error: Error) => void;
  readonly suspects: CrashSuspects;
  readonly sweep: QueueSweep;
}

/** Everything that runs while this process works on one queue: the worker, and what keeps its jobs safe. */
export class WorkerService implements WorkerOfQueue {
  readonly worker: RedisQueueWorker;
  private readonly commands: QueueCommands;
  private readonly signal: WaitSignal;
  private readonly locks: LockKeeper;
  private readonly waker: Waker;
  private readonly recovery: StalledRecovery;
  private readonly watchdog: Watchdog;
  private readonly passedOn: PassedOnJobs;
  private readonly held: HeldJobs;
  private readonly swept: SweptQueue;
  private disposed: Promise<void> | null = null;
  private readonly onReconnect = (): void => {
    this.recovery.postpone();
    // Before anything is taken: commands of one connection keep their order.
    this.held.restorePolicy().catch((error: unknown) => this.parts.onCallFailed(error as Error));
    this.worker.adopt();
  };
  private readonly onListening = (): void => this.listen();
  private readonly onMessage = (channel: string, message: string): void => this.hear(channel, message);

  constructor(
    private readonly parts: WorkerServiceParts,
    concurrency: number,
    run: RunJob,
    runBatch: RunBatch,
  ) {
    const { queue, scripts, connections, options } = parts;
    const connectionName = `${queue.base.slice(0, -queue.name.length - 2)}:${Buffer.from(queue.name).toString('base64')}`;
    const onError = (error: unknown): void => parts.onCallFailed(error as Error);
    this.commands = new QueueCommands(queue, scripts, onError);
    this.signal = new WaitSignal(connections, `${queue.base}wait`, connectionName, onError);
    const { commands, signal } = this;
    this.worker = new RedisQueueWorker({
      commands,
      signal,
      now: () => connections.clock.now(),
      lockMs: options.lock.durationMs,
      concurrency,
      ...{ run, runBatch },
      report: parts.report,
      suspects: parts.suspects,
      onClosed: (opensInMs) => this.waker.hint(opensInMs),
    });
    this.locks = new LockKeeper(commands, this.worker.active, options.lock, (error) => {
      this.recovery.postpone();
      onError(error);
    });
    const expired = new ExpiredJobs(commands, () => connections.clock.now(), onError);
    this.waker = new Waker(commands, connections.clock, this.worker, expired, onError);
    this.recovery = new StalledRecovery(commands, {
      everyMs: options.lock.stalledCheckMs,
      renewMs: options.lock.renewMs,
      maxCrashes: options.maxCrashes,
      clock: connections.clock,
      onPhantoms: (ids) => this.worker.pipe.unreadable.reportPhantoms(ids),
      onError,
    });
    this.watchdog = new Watchdog(queue.name, this.worker, signal, options.watchdogMs, parts.report);
    this.passedOn = new PassedOnJobs(commands);
    this.held = new HeldJobs(commands, () => connections.clock.now());
    this.swept = {
      base: queue.base,
      see: (look) => this.see(look),
      failed: (error) => this.lookFailed(error),
    };
  }

  get hasEnded(): boolean {
    return this.worker.hasEnded;
  }

  /** @throws HandlerRegistrationError when this process already works on the queue */
  start(): void {
    const { connections, queue } = this.parts;
    queue.attachWorker(this);
    connections.client.on('ready', this.onReconnect);
    connections.subscriber.on('message', this.onMessage);
    connections.subscriber.on('ready', this.onListening);
    this.listen();
    this.locks.start();
    this.waker.start();
    this.parts.sweep.join(this.swept);
    void this.startWorker();
  }

  lookForJobs(): boolean {
    return this.signal.hint();
  }

  yieldJobs(): void {
    this.worker.yieldJobs();
  }

  stopFetching(): Promise<void> {
    return this.worker.stopFetching();
  }

  whenIdle(): Promise<void> {
    return this.worker.whenIdle();
  }

  /** Ends everything but the shared connections; the locks of jobs that still run are no longer renewed. Safe to call twice. */
  dispose(): Promise<void> {
    this.disposed ??= this.end();
    return this.disposed;
  }

  private async end(): Promise<void> {
    const { connections } = this.parts;
    this.commands.stop();
    this.parts.sweep.leave(this.swept);
    connections.client.removeListener('ready', this.onReconnect);
    connections.subscriber.removeListener('message', this.onMessage);
    connections.subscriber.removeListener('ready', this.onListening);
    this.signal.close();
    this.worker.rest.cutOff();
    const ended = Promise.all([this.waker.stop(), this.locks.stop(), this.recovery.stop()]);
    await settlesWithin(ended, LAST_TURNS_MS);
  }

  private async startWorker(): Promise<void> {
    const { queue, options } = this.parts;
    const isOver = (): boolean => !this.worker.mayStart;
    try {
      await this.held.keepPolicy();
      await sortStoreIn(queue, options.onNotice, isOver);
      await this.passedOn.letAllWait(isOver);
    } catch (error) {
      // Every take goes on with sorting in; what was passed on comes back by itself.
      this.parts.onCallFailed(error as Error);
    }
    this.worker.start();
  }

  /** Messages sent before Redis confirms that this process listens are lost: the worker looks for itself then. */
  private listen(): void {
    void this.parts.connections.subscriber.subscribe(...this.channels()).then(() => this.worker.interrupt());
  }

  private see({ mayHaveStalled, dueInMs, waiting, inLanes, hasPassedOn, hasHeld }: QueueLook): void {
    if (mayHaveStalled) this.recovery.check();
    if (dueInMs !== null) this.waker.hint(dueInMs);
    // The message that told of them may have been lost.
    if (inLanes > 0 && this.worker.hunger > 0) this.signal.interrupt();
    if (hasPassedOn && waiting === 0 && this.worker.hunger > 0) {
      this.passedOn.letSomeWait().catch((error: unknown) => this.parts.onCallFailed(error as Error));
    }
    if (hasHeld) this.held.sweep().catch((error: unknown) => this.parts.onCallFailed(error as Error));
    this.watchdog.see(waiting);
  }

  private lookFailed(error: unknown): void {
    this.recovery.postpone();
    this.parts.onCallFailed(error as Error);
  }

  private channels(): [string, string, string, string, string] {
    const { base } = this.parts.queue;
    return [`${base}delayed`, `${base}mq:cancel`, `${base}mq:wake`, `${base}resumed`, `${base}mq:yield`];
  }

  private hear(channel: string, message: string): void {
    const [delayed, cancel, wake, resumed, yields] = this.channels();
    if (channel === delayed) this.waker.hint(Number(message) - this.parts.connections.clock.now());
    if (channel === wake || channel === resumed) this.worker.interrupt();
    if (channel === yields) this.worker.yieldJobs();
    if (channel !== cancel) return;
    const { id, ...order } = JSON.parse(message) as StopMessage;
    this.worker.abort(id, stopReason(this.parts.queue.name, id, order));
  }
}
