import { randomUUID } from 'node:crypto';
import { fullOptions, storedPriority } from '../../../../admission/stored-options.js';
import { expiredEnd, readablePayload } from '../../../rules/ended-job.js';
import { JOB_ENDED } from '../../../rules/events/local-events.js';
import { readOptions } from '../../bull/stored-job.js';
import { expiredEntry } from '../../bull/taken-entry.js';
import type { ExpiredEntry } from '../../bull/taken-entry.js';
import { expireJobsScript, sweepExpiredScript } from '../../scripts/expiry/expire-jobs.lua.js';
import type { QueueCommands } from '../queue-commands.js';

/** Takes that are remembered: more than Redis keeps of a worker for its search for lost answers. */
const MOST_TAKES = 200;

/** Reply of {@link expireJobsScript}. */
type ExpireReply = readonly [ended: readonly (readonly (string | null)[])[], nextInMs: number | null];

/** Ends the jobs of one queue that have not started in time, and tells of them. */
export class ExpiredJobs {
  /** The last takes whose expired jobs were told. */
  private readonly told = new Set<string | null>();

  constructor(
    private readonly commands: QueueCommands,
    private readonly now: () => number,
    private readonly onError: (error: unknown) => void,
  ) {}

  /**
   * Ends those that wait, or are held, where they can be found soon; a long lane has them until they are reached.
   * @returns in how many milliseconds the next one must have started; null when there is none
   */
  async expire(): Promise<number | null> {
    const args = [...this.bounds, randomUUID()];
    const [ended, nextInMs] = (await this.commands.run(expireJobsScript, args)) as ExpireReply;
    this.tell(ended.map(expiredEntry));
    return nextInMs;
  }

  /** Tells of jobs that takes ended; of those of one take once, whether its answer brings them or the search for lost ones. Never throws. */
  note(ended: readonly ExpiredEntry[]): void {
    const untold = ended.filter(({ mqRun }) => !this.told.has(mqRun));
    if (untold.length === 0) return;
    for (const { mqRun } of untold) this.told.add(mqRun);
    for (const run of [...this.told].slice(0, -MOST_TAKES)) this.told.delete(run);
    this.tell(untold);
    this.commands.run(sweepExpiredScript, this.bounds).catch(this.onError);
  }

  private get bounds(): [now: number, count: number, ageMs: number] {
    const { completedCount, completedAgeMs } = this.commands.queue.definition.retention;
    return [this.now(), completedCount, completedAgeMs];
  }

  private tell(ended: readonly ExpiredEntry[]): void {
    const { queue } = this.commands;
    let wereScheduled = false;
    for (const { id, name, data, opts, attemptsMade, timestamp, priority } of ended) {
      const fields = { id, timestamp: Number(timestamp), priority: storedPriority(priority) };
      const options = fullOptions(queue.definition, readOptions(opts), fields);
      const made = Number(attemptsMade ?? 0) || 0;
      const job = { id, name: name ?? '', data: readablePayload(data), opts: options, attemptsMade: made };
      queue.emit(JOB_ENDED, expiredEnd(job, queue.name));
      wereScheduled ||= options.repeat !== undefined;
    }
    // A schedule plans its next run when one begins, which these did not.
    if (wereScheduled) queue.keepSchedules().catch(this.onError);
  }
}
