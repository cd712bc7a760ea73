import type { JobResult } from '../../../jobs/job-result.js';
import { meaningOf } from '../../../../kernel/redis/redis-replies.js';
import { retentionRule } from '../../rules/retention/retention-rule.js';
import { completeJobsScript } from '../scripts/complete-jobs.lua.js';
import { NOTHING_TAKEN, takenReply } from './job-intake.js';
import type { JobIntake, SentReply, TakenReply } from './job-intake.js';
import type { QueueCommands } from './queue-commands.js';
import type { RedisTakenJob } from '../bull/redis-taken-job.js';
import { NO_SLOTS } from './worker-slots.js';
import type { SlotRequest, WorkerSlots } from './worker-slots.js';

/** How long after it was added a job that is removed may be added again, by a call whose answer was lost. */
const MAY_REPEAT_MS = 15_000;

/** What the batcher depends on. */
export interface BatcherParts {
  readonly commands: QueueCommands;
  readonly intake: JobIntake;
  readonly slots: WorkerSlots;
  readonly lockMs: number;
  readonly now: () => number;
  /** How many jobs may be taken ahead now; null when none may be taken at all. */
  readonly ahead: () => number | null;
  /** How many jobs one call may take, and end. */
  readonly perCall: () => number;
  /** Whether a job may begin before the ends of those before it are stored. */
  readonly mayOverlap: () => boolean;
  /** Whether jobs that were taken ahead may begin. */
  readonly mayBegin: () => boolean;
  /** Takes the jobs that begin off the line; from then on their handlers count as running. */
  readonly begin: () => RedisTakenJob[];
  readonly start: (taken: RedisTakenJob) => void;
  /** Receives the jobs that a call took for the slots that asked. */
  readonly receive: (reply: TakenReply, request: SlotRequest) => void;
  /** The queue is paused for all workers. */
  readonly onPaused: () => void;
}

interface Completion {
  readonly taken: RedisTakenJob;
  readonly result: JobResult;
  readonly resolve: (finishedOn: number | null) => void;
  readonly reject: (error: unknown) => void;
}

/** While Redis works on some calls, this process prepares the next; with fewer Redis has to wait. */
const CALLS_IN_FLIGHT = 8;

/**
 * Completes jobs; those that end while a call is in flight share the next one. The call also begins jobs that were taken
 * ahead, and takes their successors. A handler starts once the call that says so was written to the connection: should it kill the
 * process, Redis has been told that the job began.
 */
export class CompletionBatcher {
  private readonly buffer: Completion[] = [];
  private scheduled = false;
  private inFlight = 0;
  /** Those of them that take jobs. */
  private taking = 0;
  private answered: (() => void)[] = [];

  constructor(
    private readonly parts: BatcherParts,
    private readonly concurrency: number,
  ) {}

  /**
   * Stores that a job is completed.
   * @returns when it finished, milliseconds since the epoch; null when the job is no longer ours: nothing was stored
   * @throws the error that Redis refuses the call with
   */
  complete(taken: RedisTakenJob, result: JobResult): Promise<number | null> {
    return new Promise((resolve, reject) => {
      this.buffer.push({ taken, result, resolve, reject });
      this.schedule();
    });
  }

  /** Sends what there is to tell, soon. */
  schedule(): void {
    if (!this.hasWork()) return;
    if (this.buffer.length >= this.batchSize) void this.flush();
    if (this.scheduled || !this.hasWork()) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      while (this.hasWork()) void this.flush();
    });
  }

  /** Resolves when no call that takes jobs is in flight. */
  whenAnswered(): Promise<void> {
    return this.taking === 0 ? Promise.resolve() : new Promise((resolve) => this.answered.push(resolve));
  }

  private get batchSize(): number {
    return Math.min(this.parts.perCall(), this.concurrency);
  }

  private hasWork(): boolean {
    return this.inFlight < CALLS_IN_FLIGHT && (this.buffer.length > 0 || this.parts.mayBegin());
  }

  private async flush(): Promise<void> {
    const { slots, intake, receive, commands } = this.parts;
    const batch = this.buffer.splice(0, this.batchSize);
    const begun = this.parts.begin();
    if (batch.length + begun.length === 0) return;
    const ahead = this.parts.ahead();
    const changing = ahead === null ? 0 : batch.filter(({ taken }) => !taken.isCompanion).length;
    const request = ahead === null ? NO_SLOTS : slots.askAgain(changing, ahead, this.parts.perCall());
    const startsAtOnce = commands.isConnected && this.parts.mayOverlap();
    let reply = NOTHING_TAKEN;
    this.inFlight += 1;
    if (request.count > 0) this.taking += 1;
    try {
      const answer = this.send(batch, begun, request);
      if (startsAtOnce && begun.length > 0) {
        commands.writeNow();
        begun.forEach(this.parts.start);
      }
      reply = await answer;
      intake.note(reply, request.count);
    } catch (error) {
      await this.endEach(batch, error);
    }
    if (!startsAtOnce) begun.forEach(this.parts.start);
    // The ends have been reported by now: their microtasks were queued before this one.
    slots.changed(changing);
    receive(reply, request);
    this.inFlight -= 1;
    if (request.count > 0) this.taking -= 1;
    this.schedule();
    if (this.taking > 0) return;
    for (const resolve of this.answered.splice(0)) resolve();
  }

  /** A call failed. One job that is stored wrongly must not keep others from being completed. Never rejects. */
  private async endEach(batch: readonly Completion[], error: unknown): Promise<void> {
    if (batch.length > 1 && meaningOf(error) === 'faulty') {
      await Promise.all(batch.map((one) => this.send([one], [], NO_SLOTS).catch(one.reject)));
    } else for (const { reject } of batch) reject(error);
  }

  /** @returns what the same call took */
  private async send(
    batch: readonly Completion[],
    begun: readonly RedisTakenJob[],
    request: SlotRequest,
  ): Promise<TakenReply> {
    const { commands, now, onPaused } = this.parts;
    const at = now();
    const args = this.argsOf(batch, begun, request, at);
    const answer = await commands.runUntilAnswered(
      completeJobsScript,
      args,
      batch.length > 1 ? 0 : undefined,
    );
    const [statuses, jobs, phantoms, again, run, expired, opensInMs, closedForMs, isPaused] = answer as [
      number[],
      ...SentReply,
      number,
    ];
    batch.forEach(({ resolve }, i) => resolve(statuses[i] === 0 ? null : at));
    if (isPaused === 1) onPaused();
    return takenReply([jobs, phantoms, again, run, expired, opensInMs, closedForMs], at, request.starts);
  }

  private argsOf(
    batch: readonly Completion[],
    begun: readonly RedisTakenJob[],
    { count: asked, starts }: SlotRequest,
    now: number,
  ): (string | number)[] {
    const { commands, intake, lockMs } = this.parts;
    const ways = new Map<string, readonly [number: number, count: number, ageSeconds: number | string]>();
    const jobs: (string | number)[] = [];
    for (const { taken, result } of batch) {
      const { id, fence, marks, job } = taken;
      const { count, ageSeconds } = retentionRule(job.opts.removeOnComplete);
      const name = `${count} ${ageSeconds}`;
      const [number] = ways.get(name) ?? [ways.size + 1];
      if (number > ways.size) ways.set(name, [number, count, ageSeconds ?? '']);
      const mayRepeat = now - job.timestamp < MAY_REPEAT_MS && id.startsWith('m_');
      jobs.push(id, fence, result.json, number, mayRepeat ? '1' : '', marks);
    }
    // A suspect begins when it has its turn.
    const beginning = begun.filter(({ isSuspect }) => !isSuspect);
    const tellDrained = asked > 0 ? intake.drainedFlag : '';
    const args = [
      commands.queue.lockToken,
      now,
      lockMs,
      asked,
      tellDrained,
      starts,
      ways.size,
      beginning.length,
    ];
    for (const [, count, ageSeconds] of ways.values()) args.push(count, ageSeconds);
    for (const { id, fence } of beginning) args.push(`${fence} ${id}`);
    return args.concat(jobs);
  }
}
