import { BullJob } from '../bull-internals.js';
import { ActiveRun, parseCrashes } from './active-run.js';
import { CancelledError } from '../../../jobs/errors.js';
import type { QueueCommands } from './queue-commands.js';
import { adoptJobsScript, beginSuspectScript, takeJobsScript } from '../scripts/take-jobs.lua.js';

/** `[[id, hash]…], [phantom id…]` */
export type TakenReply = [[string, string[]][], string[]];

/** Takes jobs out of the queue for this worker. */
export class JobIntake {
  constructor(
    private readonly commands: QueueCommands,
    private readonly lockMs: number,
  ) {}

  async take(count: number, now: number, tellDrained: boolean): Promise<TakenReply> {
    const args = [count, now, this.commands.queue.lockToken, this.lockMs, tellDrained ? '1' : ''];
    return (await this.commands.run(takeJobsScript, args)) as TakenReply;
  }

  /** Jobs that are locked for this worker although it does not know them: the reply that brought them was lost. */
  async adopt(count: number, known: readonly string[]): Promise<TakenReply> {
    const args = [this.commands.queue.lockToken, this.lockMs, count, ...known];
    const adopted = (await this.commands.run(adoptJobsScript, args)) as TakenReply[0];
    return [adopted, []];
  }

  /** Notes that it is the turn of a job that had to wait. @returns false when the job is not ours any more */
  async beginSuspect({ id, fence }: ActiveRun): Promise<boolean> {
    const args = [this.commands.queue.lockToken, id, fence];
    return (await this.commands.runUntilAnswered(beginSuspectScript, args)) === 1;
  }

  /** @throws when the stored job is corrupt */
  toRun(id: string, hash: Record<string, string>): ActiveRun {
    const job = BullJob.fromJSON(this.commands.queue, hash, id);
    const run = new ActiveRun(
      job,
      parseCrashes(hash['mqCrashes']),
      hash['opts'] ?? '{}',
      hash['mqRun'] ?? '',
      hash['mqHeld'] !== undefined,
    );
    if (hash['mqCancel'] !== undefined)
      run.abort(cancelledError(this.commands.queue.name, id, hash['mqCancel']));
    return run;
  }
}

/** The reason of a cancelled run. */
export function cancelledError(queue: string, jobId: string, reason: string): CancelledError {
  return new CancelledError(reason, { queue, jobId });
}
