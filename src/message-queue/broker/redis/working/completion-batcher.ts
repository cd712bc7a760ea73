import { retentionRule } from '../../rules/retention-rule.js';
import type { ActiveRun } from './active-run.js';
import type { TakenReply } from './job-intake.js';
import type { QueueCommands } from './queue-commands.js';
import { completeJobsScript } from '../scripts/complete-jobs.lua.js';

/** How long the id of a job that was completed and removed is remembered, so that a repeated add stays one. */
const TOMBSTONE_MS = 15_000;

/** What the batcher needs of the worker. */
export interface BatcherHost {
  readonly lockMs: number;
  /** Runs that may end in one call. */
  readonly batchSize: number;
  now(): number;
  /** `freed` runs end now. @returns how many of their slots may be filled in the same step */
  slotsToFill(freed: number): number;
  /** Whether to publish `drained` when no job is left. */
  tellDrained(): boolean;
  /** Stores are done: `status` as the script says. Called before `taken`. */
  completed(run: ActiveRun, result: unknown, status: number, finishedOn: number): void;
  failedToStore(run: ActiveRun, error: Error): void;
  taken(reply: TakenReply, requested: number): void;
  /** The call failed for good; no job comes. */
  notTaken(requested: number): void;
}

interface Completion {
  readonly run: ActiveRun;
  readonly result: unknown;
  /** Undefined when there is no result. */
  readonly json: string | undefined;
}

const MOST_JOBS_PER_CALL = 100;
/** While Redis works on one call, this process prepares the next. */
const MOST_CALLS_IN_FLIGHT = 2;

/** Completes jobs; those that end while a call is under way share the next one, which takes their successors too. */
export class CompletionBatcher {
  private readonly buffer: Completion[] = [];
  private scheduled = false;
  private inFlight = 0;

  constructor(
    private readonly commands: QueueCommands,
    private readonly host: BatcherHost,
  ) {}

  /** @param json the result as text; undefined when there is none */
  add(run: ActiveRun, result: unknown, json: string | undefined): void {
    this.buffer.push({ run, result, json });
    this.schedule();
  }

  private schedule(): void {
    if (this.inFlight >= MOST_CALLS_IN_FLIGHT || this.buffer.length === 0) return;
    if (this.buffer.length >= this.host.batchSize) void this.flush();
    if (this.scheduled || this.buffer.length === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      while (this.buffer.length > 0 && this.inFlight < MOST_CALLS_IN_FLIGHT) void this.flush();
    });
  }

  private async flush(): Promise<void> {
    const batch = this.buffer.splice(0, Math.min(MOST_JOBS_PER_CALL, this.host.batchSize));
    const requested = this.host.slotsToFill(batch.length);
    const now = this.host.now();
    this.inFlight += 1;
    try {
      const reply = (await this.commands.runUntilAnswered(
        completeJobsScript,
        this.args(batch, requested, now),
      )) as [number[], ...TakenReply];
      const [statuses, ...taken] = reply;
      batch.forEach(({ run, result }, i) => this.host.completed(run, result, statuses[i] ?? 0, now));
      this.host.taken(taken, requested);
    } catch (error) {
      for (const { run } of batch) this.host.failedToStore(run, error as Error);
      this.host.notTaken(requested);
    } finally {
      this.inFlight -= 1;
      this.schedule();
    }
  }

  private args(batch: readonly Completion[], requested: number, now: number): (string | number)[] {
    const tellDrained = requested > 0 && this.host.tellDrained() ? '1' : '';
    const args: (string | number)[] = [
      this.commands.queue.lockToken,
      now,
      this.host.lockMs,
      requested,
      tellDrained,
    ];
    for (const { run, json } of batch) {
      const { count, ageSeconds } = retentionRule(run.job.opts.removeOnComplete);
      const young = now - run.job.timestamp < TOMBSTONE_MS && run.id.startsWith('m_');
      const event = JSON.stringify({ jobId: run.id, val: json });
      args.push(
        run.id,
        run.fence,
        json ?? 'null',
        event,
        count,
        ageSeconds ?? '',
        count === 0 && young ? TOMBSTONE_MS : '',
      );
    }
    return args;
  }
}
