import type { QueueWorker, RunDelivery } from '../../broker.js';
import type { MessageQueueError } from '../../../../kernel/errors.js';
import type { ActiveRun } from './active-run.js';
import { emitSafely } from '../bull-internals.js';
import { CompletionBatcher } from './completion-batcher.js';
import type { CrashSuspects } from './crash-suspects.js';
import { cancelledError } from './job-intake.js';
import type { JobIntake, TakenReply } from './job-intake.js';
import type { QueueCommands } from './queue-commands.js';
import type { BrokerProblem, ResolvedRedisBrokerOptions } from '../redis-broker.options.js';
import { RunRegistry } from './run-registry.js';
import type { WaitSignal } from './wait-signal.js';

const RETRY_DELAY_MS = 200;

/** What a worker is made of. */
export interface WorkerParts {
  readonly commands: QueueCommands;
  readonly intake: JobIntake;
  readonly signal: WaitSignal;
  readonly options: ResolvedRedisBrokerOptions;
  readonly concurrency: number;
  readonly run: RunDelivery;
  readonly report: (problem: BrokerProblem) => void;
  /** Of this process. */
  readonly suspects: CrashSuspects;
}

/**
 * Runs the jobs of one queue in this process in exactly `concurrency` slots; a slot is taken from the moment a job is
 * asked for until the end of its run is stored.
 */
export class RedisQueueWorker implements QueueWorker {
  private readonly registry: RunRegistry;
  private readonly completions: CompletionBatcher;
  /** Jobs that calls under way may bring. */
  private asked = 0;
  /** Runs that calls under way end. */
  private leaving = 0;
  /** Jobs that came too late and are on their way back. */
  private returning = 0;
  private fetching = true;
  private adoptNext = false;
  private drained = false;
  private loop: Promise<void> = Promise.resolve();
  private wake: () => void = () => undefined;
  private idle: (() => void)[] = [];
  /** Counts jobs that were taken or ended. */
  progress = 0;

  constructor(private readonly parts: WorkerParts) {
    const now = (): number => parts.options.clock.now();
    this.registry = new RunRegistry(parts.commands, parts.intake, parts.run, {
      now,
      complete: (run, result, json) => this.completions.add(run, result, json),
      freed: () => {
        this.progress += 1;
        this.freed();
      },
      report: parts.report,
      suspects: parts.suspects,
    });
    this.completions = new CompletionBatcher(parts.commands, {
      now,
      lockMs: parts.options.lock.durationMs,
      batchSize: Math.ceil(parts.concurrency / 2),
      slotsToFill: (freed) => this.refill(freed),
      completed: (run, result, status, at) => {
        this.leaving -= 1;
        this.progress += 1;
        this.registry.completed(run, result, status, at);
      },
      failedToStore: (run, error) => {
        this.leaving -= 1;
        this.registry.unstorable(run, error);
      },
      notTaken: (requested) => this.onTaken(NOTHING, requested),
      tellDrained: () => !this.drained,
      taken: (reply, requested) => {
        this.onTaken(reply, requested);
        this.noteDrained(reply[0].length, requested);
      },
    });
  }

  get active(): ReadonlyMap<string, ActiveRun> {
    return this.registry.active;
  }

  /** Whether it was stopped and nothing runs any more. */
  get hasEnded(): boolean {
    return !this.fetching && this.isIdle;
  }

  /** Whether a waiting job would be taken now. */
  get isHungry(): boolean {
    return this.isFetching && this.active.size + this.asked < this.parts.concurrency;
  }

  start(): void {
    this.loop = this.fetchLoop();
  }

  async stopFetching(): Promise<void> {
    this.fetching = false;
    this.interrupt();
    this.wake();
    // With Redis out of reach its last call may hang; what that brings is handed back.
    await Promise.race([this.loop, new Promise((resolve) => setTimeout(resolve, 1_000).unref())]);
  }

  whenIdle(): Promise<void> {
    return this.isIdle ? Promise.resolve() : new Promise((resolve) => this.idle.push(resolve));
  }

  abortActive(reason: MessageQueueError): void {
    for (const run of this.active.values()) run.abort(reason);
  }

  /** Aborts the run of a cancelled job if it is here. */
  cancel(jobId: string, reason: string): void {
    this.registry.active.get(jobId)?.abort(cancelledError(this.parts.commands.queue.name, jobId, reason));
  }

  /** The connection was lost: an answer that brought jobs may have been lost with it. */
  adopt(): void {
    this.adoptNext = true;
    this.interrupt();
  }

  /** Reports entries that had no job behind them. */
  phantoms(ids: readonly string[]): void {
    this.registry.phantoms(ids);
  }

  /** Ends a wait for jobs. */
  interrupt(): void {
    this.parts.signal.interrupt();
  }

  private get isFetching(): boolean {
    return this.fetching && this.parts.commands.queue.pausedLocally === null;
  }

  private get isIdle(): boolean {
    return this.active.size === 0 && this.asked === 0 && this.returning === 0;
  }

  private async fetchLoop(): Promise<void> {
    while (this.fetching) {
      const woken = new Promise<void>((resolve) => (this.wake = resolve));
      const resumed = this.parts.commands.queue.pausedLocally;
      const free = this.ask();
      if (free === 0) await Promise.race(resumed === null ? [woken] : [woken, resumed]);
      else if ((await this.fetch(free)) < free && this.isHungry) await this.parts.signal.next();
    }
  }

  /** Reserves the free slots. */
  private ask(): number {
    return this.reserve(this.parts.concurrency);
  }

  /** Reserves the slots of runs that end in the call that asks; it ends them before it takes. */
  private refill(freed: number): number {
    this.leaving += freed;
    return this.reserve(freed);
  }

  private reserve(wanted: number): number {
    if (!this.isFetching) return 0;
    const free = this.parts.concurrency - this.active.size + this.leaving - this.asked;
    const slots = Math.max(0, Math.min(wanted, free));
    this.asked += slots;
    return slots;
  }

  /** @returns how many jobs came; never rejects */
  private async fetch(count: number): Promise<number> {
    let open = count;
    try {
      if (this.adoptNext) open -= await this.adoptLost(open);
      const now = this.parts.options.clock.now();
      const reply = open === 0 ? NOTHING : await this.parts.intake.take(open, now, !this.drained);
      this.onTaken(reply, open);
      this.noteDrained(reply[0].length, open);
      return count - open + reply[0].length;
    } catch {
      // The connection reports itself. Redis may have executed the call: look for jobs whose news was lost.
      this.adoptNext = true;
      this.onTaken(NOTHING, open);
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
      return count;
    }
  }

  private async adoptLost(count: number): Promise<number> {
    const [found] = await this.parts.intake.adopt(count, [...this.active.keys()]);
    this.adoptNext = found.length === count;
    const unknown = found.filter(([id]) => !this.active.has(id));
    this.onTaken([unknown, []], unknown.length);
    return unknown.length;
  }

  private onTaken([jobs, phantoms]: TakenReply, requested: number): void {
    this.asked -= requested;
    this.progress += jobs.length;
    this.registry.phantoms(phantoms);
    for (const entry of jobs) {
      if (this.fetching) void this.registry.begin(entry);
      else void this.giveBack(entry);
    }
    if (jobs.length < requested || requested === 0) this.freed();
  }

  private noteDrained(came: number, requested: number): void {
    if (requested === 0) return;
    if (came === 0 && !this.drained) emitSafely(this.parts.commands.queue, 'drained');
    this.drained = came === 0;
  }

  private async giveBack(entry: TakenReply[0][number]): Promise<void> {
    this.returning += 1;
    await this.registry.giveBack(entry);
    this.returning -= 1;
    this.freed();
  }

  private freed(): void {
    this.wake();
    if (!this.isIdle) return;
    for (const resolve of this.idle.splice(0)) resolve();
  }
}

const NOTHING: TakenReply = [[], []];
