import type { JobId } from 'bull';
import type { JobSettler } from '../../store/job-settler.js';
import { jsonText } from '../../store/json-text.js';
import type { QueueEngine } from '../../store/queue-engine.js';
import type { StoredJob } from '../../store/stored-job.js';
import { backoffDelay, normaliseBackoff } from './job-backoff.js';
import type { BackoffStrategy } from './job-backoff.js';
import { missingKey } from './job-moves.js';

/** The handle that a run is ended on, and what ending it changes there. */
export interface EndedJob {
  readonly id: string;
  attemptsMade: number;
  finishedOn: number | undefined;
  stacktrace: string[];
  returnvalue: unknown;
  failedReason: string | undefined;
  isDiscarded(): boolean | undefined;
}

/** What ending a run needs of the queue beside its engine. */
export interface EndingParts {
  readonly settler: JobSettler;
  readonly backoffStrategies: Readonly<Record<string, BackoffStrategy>>;
  /** Takes the next job, as Bull's data and id, unless this process must not. */
  takeNext(): [unknown, JobId] | null;
}

/** Equal to Bull: how a run that the host's own code holds is ended, with Bull's checks and its error messages. */
export class JobEnding {
  private readonly settler: JobSettler;

  constructor(
    private readonly engine: QueueEngine,
    private readonly parts: EndingParts,
  ) {
    this.settler = parts.settler;
  }

  async moveToCompleted(
    job: EndedJob,
    value: unknown,
    ignoreLock: boolean,
    notFetch: boolean,
  ): Promise<[unknown, JobId] | null> {
    const json = jsonText(value);
    job.returnvalue = value || 0;
    const stored = this.activeJob(job.id, 'finished', ignoreLock);
    this.settler.complete(stored, json);
    job.finishedOn = stored.history?.finishedOn;
    return notFetch ? null : this.parts.takeNext();
  }

  /** As Bull: spends an attempt, then tries again by the job's backoff or moves it to failed. */
  async moveToFailed(
    job: EndedJob,
    error: { message?: string; stack?: string } | null | undefined,
    ignoreLock: boolean,
  ): Promise<void> {
    const reason = error ?? { message: 'Unknown reason' };
    job.failedReason = reason.message;
    const stored = this.activeJob(job.id, 'failed', ignoreLock);
    this.settler.recordFailure(stored, reason.message, reason.stack);
    job.attemptsMade = stored.attemptsMade;
    job.stacktrace = [...(stored.history?.stacktrace ?? [])];
    await this.retryOrFail(job, stored, reason as Error);
  }

  moveToDelayed(id: string, timestamp: number, ignoreLock: boolean): void {
    const stored = this.find(id);
    if (stored === undefined) throw new Error(`Missing Job ${id} when trying to move from active to delayed`);
    if (!ignoreLock && !stored.locked) {
      throw new Error(`Job ${id} was locked when trying to move from active to delayed`);
    }
    if (stored.state === 'active') this.settler.delay(stored, Math.max(0, timestamp));
  }

  private async retryOrFail(job: EndedJob, stored: StoredJob, error: Error): Promise<void> {
    const { options } = stored;
    const { engine } = this;
    let delay: number | undefined = -1;
    if (stored.attemptsMade < options.attempts && !job.isDiscarded()) {
      delay = await this.delayBeforeRetry(stored, error);
      // The strategy may have taken its time.
      if (stored.state === null) throw missingKey(job.id, 'delayed');
    }
    if (delay === -1) {
      this.settler.fail(stored, error.message);
      job.finishedOn = stored.history?.finishedOn;
    } else if (delay) {
      this.settler.delay(stored, engine.clock.now() + delay);
    } else {
      this.settler.retryNow(stored);
    }
  }

  /** −1 when the strategy is not known or breaks: Bull would leave such a job active until it stalls. */
  private async delayBeforeRetry(stored: StoredJob, error: Error): Promise<number | undefined> {
    const backoff = normaliseBackoff(stored.options.backoff);
    try {
      return await backoffDelay(backoff, stored.attemptsMade, this.parts.backoffStrategies, error);
    } catch (broken) {
      this.engine.events.emit('error', broken, 'Error processing job');
      return -1;
    }
  }

  private activeJob(id: string, command: string, ignoreLock: boolean): StoredJob {
    const stored = this.find(id);
    if (stored === undefined) throw missingKey(id, command);
    if (!ignoreLock && !stored.locked) throw new Error(`Missing lock for job ${id} ${command}`);
    if (stored.state !== 'active') throw new Error(`Job ${id} is not in the active state. ${command}`);
    return stored;
  }

  private find(id: string): StoredJob | undefined {
    return this.engine.store.jobs.get(id);
  }
}
