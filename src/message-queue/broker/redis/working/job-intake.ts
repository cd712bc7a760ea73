import { emitSafely } from '../bull/bull-internals.js';
import { adoptJobsScript, beginSuspectScript, takeJobsScript } from '../scripts/take-jobs.lua.js';
import type { QueueCommands } from './queue-commands.js';
import type { RedisTakenJob } from '../bull/redis-taken-job.js';

/** A job that was taken, as Redis sends it: its id, then names and values of its hash. */
export type TakenEntry = readonly [id: string, fields: readonly string[]];

/** What a call brought: jobs, and ids of entries that had no job behind them. */
export type TakenReply = readonly [jobs: readonly TakenEntry[], phantoms: readonly string[]];

/** What brings nothing. */
export const NOTHING_TAKEN: TakenReply = [[], []];

/** Takes jobs out of the queue for this worker, and knows what Redis need not be asked or told again. */
export class JobIntake {
  private isDrained = false;
  private mayHaveMissed = false;

  constructor(
    private readonly commands: QueueCommands,
    private readonly lockMs: number,
    private readonly now: () => number,
  ) {}

  /** `1` when Redis must publish `drained` if no job is left; else empty. */
  get drainedFlag(): string {
    return this.isDrained ? '' : '1';
  }

  /** Redis may have given this worker jobs in an answer that never came. */
  noteLostAnswer(): void {
    this.mayHaveMissed = true;
  }

  /** @throws whatever happens; the answer may be lost then */
  async take(count: number): Promise<TakenReply> {
    if (count === 0) return NOTHING_TAKEN;
    const args = [count, this.now(), this.commands.queue.lockToken, this.lockMs, this.drainedFlag];
    const reply = (await this.commands.run(takeJobsScript, args)) as TakenReply;
    this.note(reply[0].length, count);
    return reply;
  }

  /**
   * Jobs that are locked for this worker although it does not know them: the answer that brought them was lost. Asks Redis
   * only when that may be.
   */
  async adopt(count: number, known: ReadonlyMap<string, unknown>): Promise<readonly TakenEntry[]> {
    if (!this.mayHaveMissed) return [];
    const args = [this.commands.queue.lockToken, this.lockMs, count, ...known.keys()];
    const adopted = (await this.commands.run(adoptJobsScript, args)) as TakenEntry[];
    this.mayHaveMissed = adopted.length === count;
    return adopted.filter(([id]) => !known.has(id));
  }

  /** So many jobs came of so many asked for, by whichever call. */
  note(came: number, asked: number): void {
    if (asked === 0) return;
    if (came === 0 && !this.isDrained) emitSafely(this.commands.queue, 'drained');
    this.isDrained = came === 0;
  }

  /** Notes that it is the turn of a job that had to wait. @returns false when the job is not ours any more */
  async beginSuspect({ id, fence }: RedisTakenJob): Promise<boolean> {
    const args = [this.commands.queue.lockToken, id, fence];
    return (await this.commands.runUntilAnswered(beginSuspectScript, args)) === 1;
  }
}
