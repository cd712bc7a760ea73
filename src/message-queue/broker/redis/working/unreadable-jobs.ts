import { UnrecoverableJobError } from '../../../jobs/errors.js';
import { failureRecordOf } from '../../../jobs/failure-record.js';
import type { JobEnd } from '../../../jobs/events/job-end.js';
import { endedJob, readablePayload } from '../../rules/ended-job.js';
import { JOB_ENDED } from '../../rules/events/local-events.js';
import { UnreadableJobError } from '../bull/stored-job.js';
import type { TakenEntry } from '../bull/taken-entry.js';
import type { BrokerProblem } from '../redis-broker.options.js';
import type { EndWriter } from './end-writer.js';
import type { QueueCommands } from './queue-commands.js';

/** What making dead letters of unreadable jobs depends on. */
export interface UnreadableJobsParts {
  readonly commands: Pick<QueueCommands, 'queue'>;
  readonly ends: Pick<EndWriter, 'bury'>;
  readonly now: () => number;
  readonly report: (kind: BrokerProblem['kind'], jobId: string, message: string, cause?: unknown) => void;
}

/** Makes dead letters of taken jobs that are stored in a form that nobody can run: whoever stored them, they run nowhere and come back never. */
export class UnreadableJobs {
  constructor(private readonly parts: UnreadableJobsParts) {}

  /** Never rejects. @param error why it cannot be read */
  async bury(entry: TakenEntry, error: Error): Promise<void> {
    const { report, ends } = this.parts;
    // Any other error may quote what is stored.
    const { message } = error instanceof UnreadableJobError ? error : UnreadableJobError.about(error.name);
    report('queue', entry.id, `Job "${entry.id}" is a dead letter now. ${message}`, error);
    const now = this.parts.now();
    try {
      if (await ends.bury(entry, message, now)) this.tell(entry, message, now);
    } catch (cause) {
      report('settlement', entry.id, `Job "${entry.id}" could not be made a dead letter.`, cause);
    }
  }

  /** Reports entries of the queue that had no job behind them. */
  reportPhantoms(ids: readonly string[]): void {
    for (const id of ids) {
      const message = `Entry "${id}" has no job behind it: Redis lost or evicted it, or keeps something else there. It is a dead letter now, and was not run.`;
      this.parts.report('phantom-job', id, message);
    }
  }

  /** What is left of its hash shows how far it got. */
  private tell({ id, name: stored, data, attemptsMade }: TakenEntry, message: string, now: number): void {
    const { queue } = this.parts.commands;
    const name = stored ?? '';
    const error = new UnrecoverableJobError(message, { queue: queue.name, job: name, jobId: id });
    const made = Number(attemptsMade ?? 0) || 0;
    const job = { id, name, attemptsMade: made, opts: {}, data: readablePayload(data) };
    const failure = failureRecordOf(error, made + 1, 'error', now);
    const end: JobEnd = { ...endedJob(job, queue.name), outcome: 'dead-letter', error, failure };
    queue.emit(JOB_ENDED, end);
  }
}
