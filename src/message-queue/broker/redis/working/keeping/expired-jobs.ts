import { fullOptions, storedPriority } from '../../../../admission/stored-options.js';
import { expiredEnd, readablePayload } from '../../../rules/ended-job.js';
import { JOB_ENDED } from '../../../rules/events/local-events.js';
import { readOptions } from '../../bull/stored-job.js';
import type { TakenEntry } from '../../bull/taken-entry.js';
import { expireJobsScript, sweepExpiredScript } from '../../scripts/expiry/expire-jobs.lua.js';
import type { QueueCommands } from '../queue-commands.js';

type Field = string | null;

/** A job that expired, as Redis stores it. */
type ExpiredJob = Pick<
  TakenEntry,
  'id' | 'name' | 'data' | 'opts' | 'attemptsMade' | 'timestamp' | 'priority'
>;

/** Reply of {@link expireJobsScript}. */
type ExpireReply = readonly [
  ended: readonly (readonly [id: string, ...fields: Field[]])[],
  nextInMs: number | null,
];

/** Ends the jobs of one queue that have not started in time, and tells of them. */
export class ExpiredJobs {
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
    const [ended, nextInMs] = (await this.commands.run(expireJobsScript, this.bounds)) as ExpireReply;
    this.tell(
      ended.map(([id, name, data, opts, attemptsMade, timestamp, priority]) => ({
        ...{ id, name: name ?? null, data: data ?? null, opts: opts ?? null },
        ...{ attemptsMade: attemptsMade ?? null, timestamp: timestamp ?? null, priority: priority ?? null },
      })),
    );
    return nextInMs;
  }

  /** Tells of jobs that a take ended. Never throws. */
  note(ended: readonly ExpiredJob[]): void {
    this.tell(ended);
    this.commands.run(sweepExpiredScript, this.bounds).catch(this.onError);
  }

  private get bounds(): [now: number, count: number, ageMs: number] {
    const { completedCount, completedAgeMs } = this.commands.queue.definition.retention;
    return [this.now(), completedCount, completedAgeMs];
  }

  private tell(ended: readonly ExpiredJob[]): void {
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
