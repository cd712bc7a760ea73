import { adoptJobsScript } from '../scripts/unanswered/adopt-jobs.lua.js';
import { beginSuspectScript, takeJobsScript } from '../scripts/take-jobs.lua.js';
import type { QueueCommands } from './queue-commands.js';
import { asBatches, expiredEntry, takenEntry } from '../bull/taken-entry.js';
import type { ExpiredEntry, SentEntry, TakenEntry } from '../bull/taken-entry.js';
import type { RedisTakenJob } from '../bull/redis-taken-job.js';

/** What rates keep back, by a call that met one that is closed: nulls otherwise. Milliseconds. */
export type ClosedRates = readonly [
  /** Until something opens that this call closed: it is for its worker to wake it. */
  opensInMs: number | null,
  /** For how long nothing of the queue starts. */
  closedForMs: number | null,
];

/**
 * What a call took: jobs, ids of entries that had no job behind them, 1 when more may wait although fewer came, jobs that had not
 * started in time, which it ended, and what rates keep back.
 */
export type TakenReply = readonly [
  jobs: readonly TakenEntry[],
  phantoms: readonly string[],
  again: 0 | 1,
  expired: readonly ExpiredEntry[],
  ...closed: ClosedRates,
];

/** A reply as the scripts send it. */
export type SentReply = readonly [
  jobs: SentEntry[],
  phantoms: readonly string[],
  again: 0 | 1,
  run: string,
  expired: SentEntry[],
  ...closed: ClosedRates,
];

/**
 * Reads what a call took, and empties the reply, which the client keeps: see `forgetArguments`.
 * @param at when the call was sent, milliseconds since the epoch
 * @param starts how many of the jobs begin at once
 */
export function takenReply(
  [jobs, phantoms, again, run, expired, ...closed]: SentReply,
  at: number,
  starts: number,
): TakenReply {
  const begins = { run, at, isAhead: false };
  const waits = { run, at, isAhead: true };
  const entries = jobs.splice(0).map((job, i) => takenEntry(job, i < starts ? begins : waits));
  return [entries, phantoms, again, expired.splice(0).map((job) => takenEntry(job, begins)), ...closed];
}

/** Nothing was taken. */
export const NOTHING_TAKEN: TakenReply = [[], [], 0, [], null, null];

/** Takes jobs off the queue for this worker, and spares Redis needless questions. */
export class JobIntake {
  private isDrained = false;
  private mayHaveMissed = false;

  constructor(
    private readonly commands: QueueCommands,
    private readonly lockMs: number,
    private readonly now: () => number,
  ) {}

  /** `1` when Redis must publish `drained` if no job is left, otherwise empty. */
  get drainedFlag(): string {
    return this.isDrained ? '' : '1';
  }

  /** Redis may have given this worker jobs in an answer that never arrived. */
  noteLostAnswer(): void {
    this.mayHaveMissed = true;
  }

  /** @throws any error of the call, whose answer may be lost */
  async take(count: number): Promise<TakenReply> {
    if (count === 0) return NOTHING_TAKEN;
    const at = this.now();
    const args = [count, at, this.commands.queue.lockToken, this.lockMs, this.drainedFlag];
    const reply = takenReply((await this.commands.run(takeJobsScript, args)) as SentReply, at, count);
    this.note(reply, count);
    return reply;
  }

  /**
   * Jobs that this worker has locked without knowing it, because the answer that carried them was lost; and those that its takes found expired,
   * though they may have been told. Asks Redis only when that is possible.
   */
  async adopt(count: number, known: ReadonlyMap<string, unknown>): Promise<TakenReply> {
    if (!this.mayHaveMissed) return NOTHING_TAKEN;
    const args = [this.commands.queue.lockToken, this.lockMs, count, ...known.keys()];
    const [sent, expired] = (await this.commands.run(adoptJobsScript, args)) as [SentEntry[], SentEntry[]];
    const adopted = asBatches(sent.map((job) => takenEntry(job)));
    this.mayHaveMissed = adopted.length === count;
    return [adopted.filter(({ id }) => !known.has(id)), [], 0, expired.map(expiredEntry), null, null];
  }

  /** Notes what a call took of how many jobs it asked for. */
  note([{ length: came }, , again]: TakenReply, asked: number): void {
    if (asked === 0 || (came === 0 && again === 1)) return;
    if (came === 0 && !this.isDrained) this.commands.queue.emit('drained');
    this.isDrained = came === 0;
  }

  /** Notes that it is the turn of a job that had to wait. @returns false when the job is no longer ours */
  async beginSuspect({ id, fence }: RedisTakenJob): Promise<boolean> {
    const args = [this.commands.queue.lockToken, id, fence];
    return (await this.commands.runUntilAnswered(beginSuspectScript, args)) === 1;
  }
}
