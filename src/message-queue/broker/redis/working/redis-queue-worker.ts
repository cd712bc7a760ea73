import type { MessageQueueError } from '../../../../kernel/errors.js';
import type { RunJob } from '../../../jobs/taken-job.js';
import type { QueueWorker } from '../../broker.js';
import type { BrokerProblem, ResolvedRedisBrokerOptions } from '../redis-broker.options.js';
import { CompletionBatcher } from './completion-batcher.js';
import type { CrashSuspects } from './crash-suspects.js';
import { JobIntake, NOTHING_TAKEN } from './job-intake.js';
import type { TakenReply } from './job-intake.js';
import type { TakenEntry } from '../bull/taken-entry.js';
import { JobPipe } from './job-pipe.js';
import type { QueueCommands } from './queue-commands.js';
import { cancelledError } from '../bull/redis-taken-job.js';
import type { RedisTakenJob } from '../bull/redis-taken-job.js';
import type { WaitSignal } from './wait-signal.js';
import { WorkerSlots } from './worker-slots.js';

const RETRY_DELAY_MS = 200;
/** With Redis out of reach the last call for jobs may hang; jobs it still returns are handed back. */
const LONGEST_STOP_MS = 1_000;

/** What a worker is made of. */
export interface WorkerParts {
  readonly commands: QueueCommands;
  readonly signal: WaitSignal;
  readonly options: ResolvedRedisBrokerOptions;
  readonly concurrency: number;
  readonly run: RunJob;
  readonly report: (problem: BrokerProblem) => void;
  /** Of this process. */
  readonly suspects: CrashSuspects;
}

/**
 * Runs the jobs of one queue in this process in exactly `concurrency` slots; a slot is occupied from the moment a job
 * is asked for until the end of its run is stored.
 */
export class RedisQueueWorker implements QueueWorker {
  private readonly slots: WorkerSlots;
  private readonly intake: JobIntake;
  private readonly pipe: JobPipe;
  private state: 'fetching' | 'stopped' = 'fetching';
  private loop: Promise<void> = Promise.resolve();
  private wake: () => void = () => undefined;
  private idle: (() => void)[] = [];
  /** How many jobs were taken or ended. */
  progress = 0;

  constructor(private readonly parts: WorkerParts) {
    const { commands, options, concurrency, run, report, suspects } = parts;
    const now = (): number => options.clock.now();
    const lockMs = options.lock.durationMs;
    const slots = new WorkerSlots(concurrency);
    const intake = new JobIntake(commands, lockMs, now);
    const mayTake = (): boolean => this.mayTake;
    const receive = (reply: TakenReply, asked: number): void => this.receive(reply, asked);
    const completions = new CompletionBatcher(
      { commands, intake, slots, lockMs, now, mayTake, receive },
      concurrency,
    );
    this.slots = slots;
    this.intake = intake;
    this.pipe = new JobPipe({ commands, intake, completions, run, now, report, suspects });
  }

  get active(): ReadonlyMap<string, RedisTakenJob> {
    return this.pipe.active;
  }

  /** Whether it was stopped and nothing runs any more. */
  get hasEnded(): boolean {
    return this.state === 'stopped' && this.slots.areIdle;
  }

  /** Whether a waiting job would be taken now. */
  get isHungry(): boolean {
    return this.mayTake && this.slots.free > 0;
  }

  /** Whether it was not stopped before it began. */
  get mayStart(): boolean {
    return this.state === 'fetching';
  }

  start(): void {
    this.loop = this.fetchLoop();
  }

  async stopFetching(): Promise<void> {
    this.state = 'stopped';
    this.interrupt();
    this.wake();
    await Promise.race([this.loop, new Promise((resolve) => setTimeout(resolve, LONGEST_STOP_MS).unref())]);
  }

  whenIdle(): Promise<void> {
    return this.slots.areIdle ? Promise.resolve() : new Promise((resolve) => this.idle.push(resolve));
  }

  abortActive(reason: MessageQueueError): void {
    for (const taken of this.active.values()) taken.abort(reason);
  }

  /** Aborts the run of a cancelled job if it is here. */
  cancel(jobId: string, reason: string): void {
    this.active.get(jobId)?.abort(cancelledError(this.parts.commands.queue.name, jobId, reason));
  }

  /** Call when the connection was lost: an answer that carried jobs may have been lost with it. */
  adopt(): void {
    this.intake.noteLostAnswer();
    this.interrupt();
  }

  /** Reports entries that had no job behind them. */
  phantoms(ids: readonly string[]): void {
    this.pipe.reportPhantoms(ids);
  }

  /** Interrupts the wait for jobs. */
  interrupt(): void {
    this.parts.signal.interrupt();
  }

  private get mayTake(): boolean {
    return this.state === 'fetching' && this.parts.commands.queue.pausedLocally === null;
  }

  private async fetchLoop(): Promise<void> {
    while (this.state === 'fetching') {
      const woken = new Promise<void>((resolve) => (this.wake = resolve));
      const resumed = this.parts.commands.queue.pausedLocally;
      const asked = resumed === null ? this.slots.ask() : 0;
      if (asked === 0) await Promise.race(resumed === null ? [woken] : [woken, resumed]);
      else if ((await this.fetch(asked)) < asked && this.isHungry) await this.parts.signal.next();
    }
  }

  /** @returns how many jobs were taken; never rejects */
  private async fetch(asked: number): Promise<number> {
    let open = asked;
    try {
      const adopted = await this.intake.adopt(open, this.active);
      open -= adopted.length;
      this.receive([adopted, [], 0], adopted.length);
      const reply = await this.intake.take(open);
      this.receive(reply, open);
      return reply[2] === 1 ? asked : asked - open + reply[0].length;
    } catch {
      // The connection reports itself. Redis may have executed the call: look for jobs whose answer was lost.
      this.intake.noteLostAnswer();
      this.receive(NOTHING_TAKEN, open);
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
      return asked;
    }
  }

  private receive([jobs, phantoms]: TakenReply, asked: number): void {
    this.slots.fill(asked, jobs.length);
    this.progress += jobs.length;
    this.pipe.reportPhantoms(phantoms);
    for (const entry of jobs) void this.see(entry);
    this.lookAround();
  }

  /** Runs a job, or gives it back when it arrives too late. Its slot is free afterwards. */
  private async see(entry: TakenEntry): Promise<void> {
    await (this.state === 'fetching' ? this.pipe.pass(entry) : this.pipe.giveBack(entry));
    this.slots.leave();
    this.progress += 1;
    this.lookAround();
  }

  private lookAround(): void {
    if (this.slots.free > 0) this.wake();
    if (!this.slots.areIdle) return;
    for (const resolve of this.idle.splice(0)) resolve();
  }
}
