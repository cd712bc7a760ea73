import type { Settlement } from '../../../jobs/settlement.js';
import type { RedisTakenJob } from '../bull/redis-taken-job.js';
import type { QueuedRun } from '../schedules/schedule-calls.js';
import type { QueueCommands } from './queue-commands.js';

/** Not at once: what refuses the next run of a schedule would do so again and again. */
export const NOT_SCHEDULED: Settlement = {
  kind: 'deferred',
  delayMs: 5_000,
  reason: 'the next run of its schedule could not be added',
};

/** What the run of a schedule does to its schedule. */
export class ScheduleRuns {
  constructor(
    private readonly commands: QueueCommands,
    private readonly report: (jobId: string, message: string, cause: unknown) => void,
  ) {}

  /** It begins: plans the next one. Never rejects. @returns whether that is planned */
  async goOn(taken: RedisTakenJob): Promise<boolean> {
    try {
      await this.commands.untilAnswered(() => this.commands.queue.schedules.goOn(runOf(taken)));
      return true;
    } catch (error) {
      const message = `The next run of repeatable job "${taken.id}" could not be scheduled.`;
      this.report(taken.id, message, error);
      return false;
    }
  }

  /** It ended as shredded: there are no others. Never rejects: should this fail, the next run ends the same way. */
  async endWith(taken: RedisTakenJob): Promise<void> {
    if (taken.job.opts.repeat === undefined) return;
    try {
      await this.commands.queue.schedules.endWith(runOf(taken));
    } catch (error) {
      const message = `The schedule of job "${taken.id}", which was shredded, could not be removed.`;
      this.report(taken.id, message, error);
    }
  }
}

function runOf({ id, job }: RedisTakenJob): QueuedRun {
  return { id, name: job.name, data: job.data as object, opts: job.opts };
}
