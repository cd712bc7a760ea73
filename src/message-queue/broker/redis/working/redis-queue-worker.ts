import type { MessageQueueError } from '../../../../kernel/errors.js';
import type { RunBatch, RunJob } from '../../../jobs/taken-job.js';
import type { QueueWorker } from '../../broker.js';
import type { BrokerProblem } from '../redis-broker.options.js';
import { CompletionBatcher } from './completion-batcher.js';
import type { CrashSuspects } from './crash-suspects.js';
import { JobIntake, NOTHING_TAKEN } from './job-intake.js';
import type { TakenReply } from './job-intake.js';
import type { TakenEntry } from '../bull/taken-entry.js';
import { JobPipe } from './job-pipe.js';
import type { QueueCommands } from './queue-commands.js';
import { RedisTakenJob } from '../bull/redis-taken-job.js';
import { settlesWithin } from '../../../../kernel/time/settles-within.js';
import type { WaitSignal } from './wait-signal.js';
import { LAST_ANSWER_MS, WorkerRest } from './worker-rest.js';
import { NO_SLOTS, WorkerSlots } from './worker-slots.js';
import type { SlotRequest } from './worker-slots.js';
import { ClosedQueue } from './keeping/closed-queue.js';
import { mostAhead, RunPace } from './ahead/run-pace.js';
import { TakenAhead } from './ahead/taken-ahead.js';

const RETRY_DELAY_MS = 200;

/** What a worker is made of. */
export interface WorkerParts {
  readonly commands: QueueCommands;
  readonly signal: WaitSignal;
  /** Redis' time, milliseconds since the epoch. */
  readonly now: () => number;
  readonly lockMs: number;
  readonly concurrency: number;
  readonly run: RunJob;
  readonly runBatch: RunBatch;
  readonly report: (problem: BrokerProblem) => void;
  /** Of this process. */
  readonly suspects: CrashSuspects;
  readonly onClosed: ConstructorParameters<typeof ClosedQueue>[0];
}

/**
 * Runs the jobs of one queue in this process, with exactly `concurrency` handlers at a time. A slot is occupied from the
 * moment a job is asked for until the end of its run is stored; when runs are short there are more slots than handlers: jobs taken ahead
 * begin while the ends of those before them are on their way to Redis.
 */
export class RedisQueueWorker implements QueueWorker {
  private readonly slots: WorkerSlots;
  readonly rest: WorkerRest;
  private readonly intake: JobIntake;
  readonly pipe: JobPipe;
  private readonly pace: RunPace;
  private readonly line: TakenAhead;
  private readonly completions: CompletionBatcher;
  private readonly closed: ClosedQueue;
  private state: 'fetching' | 'stopped' = 'fetching';
  private loop: Promise<void> = Promise.resolve();
  private wake: () => void = () => undefined;
  /** How many jobs were taken or ended. */
  progress = 0;

  constructor(private readonly parts: WorkerParts) {
    const { commands, now, lockMs, concurrency } = parts;
    const slots = new WorkerSlots(concurrency);
    const intake = new JobIntake(commands, lockMs, now);
    const completions = new CompletionBatcher(
      {
        ...{ commands, intake, slots, lockMs, now },
        ahead: () => this.ahead,
        perCall: () => this.pace.perCall,
        // With one handler, who listens hears of each end before the next run begins.
        mayOverlap: () => concurrency > 1 || commands.queue.listenerCount('completed') === 0,
        mayBegin: () => this.line.mayBegin && slots.freeHandlers > 0,
        begin: () => this.begin(),
        start: (taken) => void this.run(taken),
        receive: (reply, request) => this.receive(reply, request),
        onPaused: () => void this.line.handBack(),
      },
      concurrency,
    );
    this.pace = new RunPace(concurrency, mostAhead(commands.queue.definition));
    this.line = new TakenAhead(this.pace, completions, now, (jobs) => this.giveBack(jobs));
    this.closed = new ClosedQueue(parts.onClosed);
    this.completions = completions;
    this.slots = slots;
    this.rest = new WorkerRest(slots);
    this.intake = intake;
    const yieldJobs = (): Promise<void> => this.line.handBack();
    this.pipe = new JobPipe({ ...parts, intake, completions, yieldJobs });
  }

  get active(): ReadonlyMap<string, RedisTakenJob> {
    return this.pipe.active;
  }

  /** Whether it was stopped and nothing runs any more. */
  get hasEnded(): boolean {
    return this.state === 'stopped' && this.rest.isReached;
  }

  /** How many waiting jobs would be taken now. */
  get hunger(): number {
    return this.isOn && this.closed.opening === null ? this.slots.free : 0;
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
    this.yieldJobs();
    this.wake();
    this.rest.stop();
    await settlesWithin(this.loop, LAST_ANSWER_MS);
  }

  whenIdle(): Promise<void> {
    return this.rest.whenReached();
  }

  abortActive(reason: MessageQueueError): void {
    for (const taken of this.active.values()) taken.abort(reason);
  }

  /** Aborts the run of a job if it is here. */
  abort(jobId: string, reason: MessageQueueError): void {
    this.active.get(jobId)?.abort(reason);
  }

  /** Call when the connection was lost: an answer that carried jobs may have been lost with it. */
  adopt(): void {
    this.intake.noteLostAnswer();
    this.interrupt();
  }

  /** Interrupts the wait for jobs. */
  interrupt(): void {
    this.parts.signal.interrupt();
  }

  /** Interrupts the wait for jobs and hands back those taken ahead. */
  yieldJobs(): void {
    this.interrupt();
    void this.line.handBack();
  }

  private get isOn(): boolean {
    return this.state === 'fetching' && this.parts.commands.queue.pausedLocally === null;
  }

  /** How many jobs a call may take ahead; null: it may take none at all. */
  private get ahead(): number | null {
    if (!this.isOn || this.closed.opening !== null || this.line.goesBack) return null;
    // Many at a time cost Redis less each.
    return this.line.size > this.pace.ahead / 2 ? 0 : this.pace.ahead;
  }

  private async fetchLoop(): Promise<void> {
    while (this.state === 'fetching') {
      const woken = new Promise<void>((resolve) => (this.wake = resolve));
      const pause = this.parts.commands.queue.pausedLocally ?? this.closed.opening;
      const request = pause === null ? this.slots.ask() : NO_SLOTS;
      if (request.count === 0) await Promise.race(pause === null ? [woken] : [woken, pause]);
      else if ((await this.fetch(request)) < request.count && this.hunger > 0) await this.parts.signal.next();
    }
  }

  /** @returns how many jobs were taken; never rejects */
  private async fetch({ count }: SlotRequest): Promise<number> {
    let open = count;
    try {
      const adopted = await this.intake.adopt(open, this.active);
      const { length: found } = adopted[0];
      open -= found;
      this.receive(adopted, { count: found, starts: found });
      const reply = await this.intake.take(open);
      this.receive(reply, { count: open, starts: open });
      return reply[2] === 1 ? count : count - open + reply[0].length;
    } catch (error) {
      this.parts.commands.noteRefusal(error);
      // Redis may have executed the call: look for jobs whose answer was lost.
      this.intake.noteLostAnswer();
      this.receive(NOTHING_TAKEN, { count: open, starts: open });
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
      return count;
    }
  }

  private receive([jobs, phantoms, , expired, ...closed]: TakenReply, request: SlotRequest): void {
    this.closed.note(...closed);
    this.slots.fill(request, jobs.length);
    this.progress += jobs.length;
    this.pipe.unreadable.reportPhantoms(phantoms);
    if (expired.length > 0) this.pipe.expired.note(expired);
    for (const entry of jobs) this.admit(entry);
    if (!this.isOn) void this.line.handBack();
    else this.completions.schedule();
    this.lookAround();
  }

  private admit(entry: TakenEntry): void {
    this.pace.noteSize(entry.data?.length ?? 0);
    const accepted = this.pipe.accept(entry);
    if (!(accepted instanceof RedisTakenJob)) void accepted.then(() => this.leave());
    else if (accepted.isAhead || this.state === 'stopped') this.line.add(accepted);
    else {
      this.slots.begin();
      void this.run(accepted);
    }
  }

  /** Takes those off the line that handlers are free for. */
  private begin(): RedisTakenJob[] {
    const begun = this.line.next(this.slots.freeHandlers);
    for (let i = 0; i < begun.length; i++) this.slots.begin();
    return begun;
  }

  private async run(taken: RedisTakenJob): Promise<void> {
    const startedAt = performance.now();
    await this.pipe.run(taken, () => {
      this.slots.settle();
      this.rest.look();
      this.pace.noteRun(performance.now() - startedAt);
      this.completions.schedule();
    });
    this.leave();
  }

  private async giveBack(jobs: readonly RedisTakenJob[]): Promise<void> {
    await this.pipe.giveBack(jobs.flatMap((taken) => [taken, ...taken.companions]));
    for (let i = 0; i < jobs.length; i++) this.leave();
  }

  private leave(): void {
    this.slots.leave();
    this.progress += 1;
    this.lookAround();
  }

  private lookAround(): void {
    if (this.slots.free > 0) this.wake();
    this.rest.look();
  }
}
