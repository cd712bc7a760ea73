import type { JobResult } from '../../../jobs/job-result.js';
import { retentionRule } from '../../rules/retention-rule.js';
import { completeJobsScript } from '../scripts/complete-jobs.lua.js';
import { NOTHING_TAKEN, takenReply } from './job-intake.js';
import type { JobIntake, SentReply, TakenReply } from './job-intake.js';
import type { QueueCommands } from './queue-commands.js';
import type { RedisTakenJob } from '../bull/redis-taken-job.js';
import type { WorkerSlots } from './worker-slots.js';

/** How long the id of a job that was completed and removed is remembered, so that a repeated add is recognised. */
const TOMBSTONE_MS = 15_000;

/** What the batcher depends on. */
export interface BatcherParts {
  readonly commands: QueueCommands;
  readonly intake: JobIntake;
  readonly slots: WorkerSlots;
  readonly lockMs: number;
  readonly now: () => number;
  /** Whether ended runs may have successors. */
  readonly mayTake: () => boolean;
  /** Receives the jobs that a call took for the slots that asked. */
  readonly receive: (reply: TakenReply, asked: number) => void;
}

interface Completion {
  readonly taken: RedisTakenJob;
  readonly result: JobResult;
  readonly resolve: (finishedOn: number | null) => void;
  readonly reject: (error: unknown) => void;
}

const MOST_JOBS_PER_CALL = 100;
/** While Redis works on one call, this process prepares the next. */
const MOST_CALLS_IN_FLIGHT = 2;

/** Completes jobs; those that end while a call is in flight share the next one, which also takes their successors. */
export class CompletionBatcher {
  private readonly buffer: Completion[] = [];
  private readonly batchSize: number;
  private scheduled = false;
  private inFlight = 0;

  constructor(
    private readonly parts: BatcherParts,
    concurrency: number,
  ) {
    this.batchSize = Math.min(MOST_JOBS_PER_CALL, Math.ceil(concurrency / 2));
  }

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

  private schedule(): void {
    if (this.inFlight >= MOST_CALLS_IN_FLIGHT || this.buffer.length === 0) return;
    if (this.buffer.length >= this.batchSize) void this.flush();
    if (this.scheduled || this.buffer.length === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      while (this.buffer.length > 0 && this.inFlight < MOST_CALLS_IN_FLIGHT) void this.flush();
    });
  }

  private async flush(): Promise<void> {
    const { slots, intake, receive } = this.parts;
    const batch = this.buffer.splice(0, this.batchSize);
    const changing = this.parts.mayTake() ? batch.length : 0;
    const asked = slots.askAgain(changing);
    let reply = NOTHING_TAKEN;
    this.inFlight += 1;
    try {
      reply = await this.send(batch, asked);
      intake.note(reply, asked);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    // The ends have been reported by now: their microtasks were queued before this one.
    slots.changed(changing);
    receive(reply, asked);
    this.inFlight -= 1;
    this.schedule();
  }

  /** @returns what the same call took */
  private async send(batch: readonly Completion[], asked: number): Promise<TakenReply> {
    const { commands, now } = this.parts;
    const at = now();
    const args = this.argsOf(batch, asked, at);
    const answer = await commands.runUntilAnswered(completeJobsScript, args);
    const [statuses, ...reply] = answer as [number[], ...SentReply];
    batch.forEach(({ resolve }, i) => resolve(statuses[i] === 0 ? null : at));
    return takenReply(reply);
  }

  private argsOf(batch: readonly Completion[], asked: number, now: number): (string | number)[] {
    const { commands, intake, lockMs } = this.parts;
    const ways = new Map<string, readonly [number: number, count: number, ageSeconds: number | string]>();
    const jobs: (string | number)[] = [];
    for (const { taken, result } of batch) {
      const { id, fence, job } = taken;
      const { count, ageSeconds } = retentionRule(job.opts.removeOnComplete);
      const name = `${count} ${ageSeconds}`;
      const [number] = ways.get(name) ?? [ways.size + 1];
      if (number > ways.size) ways.set(name, [number, count, ageSeconds ?? '']);
      const isYoung = now - job.timestamp < TOMBSTONE_MS && id.startsWith('m_');
      jobs.push(id, fence, result.json, number, count === 0 && isYoung ? TOMBSTONE_MS : '');
    }
    const args = [commands.queue.lockToken, now, lockMs, asked, asked > 0 ? intake.drainedFlag : ''];
    args.push(ways.size);
    for (const [, count, ageSeconds] of ways.values()) args.push(count, ageSeconds);
    return args.concat(jobs);
  }
}
