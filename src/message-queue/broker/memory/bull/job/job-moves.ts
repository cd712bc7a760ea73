import type { JobId, JobStatus } from 'bull';
import { backoffDelay, normaliseBackoff } from './job-backoff.js';
import { jsonText } from '../../store/json-text.js';
import type { JobSettler } from '../../store/job-settler.js';
import type { MemoryJob } from './memory-job.js';
import type { QueueEngine } from '../../store/queue-engine.js';
import type { StoredJob } from '../../store/stored-job.js';

/** What fetching the next job needs from the queue. */
export type FetchNext = () => MemoryJob | null;

/** What the methods of a job do, with Bull's checks and Bull's error messages. */
export class JobMoves {
  constructor(
    private readonly engine: QueueEngine,
    private readonly settler: JobSettler,
    /** Takes the next job unless the queue is paused here or closing. */
    private readonly fetchNext: FetchNext,
  ) {}

  async stateOf(id: string): Promise<JobStatus | 'stuck'> {
    await this.engine.turns.look();
    const state = this.find(id)?.state ?? null;
    if (state === null) return 'stuck';
    return state === 'waiting' && this.engine.paused ? 'paused' : state;
  }

  updateProgress(job: MemoryJob, value: unknown, json: string | undefined): Promise<void> {
    const stored = this.find(job.id);
    if (stored === undefined) return Promise.reject(missingKey(job.id, 'updateProgress'));
    stored.remember().progress = json;
    // `undefined` is what JSON makes of a function: Bull publishes a message without progress then.
    const published = json === undefined ? undefined : (JSON.parse(json) as unknown);
    this.engine.events.publish('global:progress', job.id, published);
    this.engine.events.emit('progress', job, value);
    return Promise.resolve();
  }

  async updateData(id: string, data: unknown): Promise<void> {
    const json = jsonText(data) ?? '{}';
    const stored = this.find(id);
    if (stored === undefined) throw missingKey(id, 'updateData');
    this.engine.store.resize(stored, json.length - stored.data.length);
    stored.data = json;
  }

  async log(id: string, row: string): Promise<number> {
    const stored = this.find(id);
    if (stored === undefined) throw missingKey(id, 'addLog');
    const history = stored.remember();
    history.logs ??= [];
    history.logs.push(row);
    this.engine.store.resize(stored, row.length);
    return history.logs.length;
  }

  isLocked(id: string): boolean {
    return this.find(id)?.locked === true;
  }

  takeLock(id: string): boolean {
    const stored = this.find(id);
    if (stored === undefined || stored.locked) return false;
    stored.locked = true;
    return true;
  }

  releaseLock(id: string): boolean {
    const stored = this.find(id);
    if (stored?.locked !== true) return false;
    stored.locked = false;
    return true;
  }

  async moveToCompleted(
    job: MemoryJob,
    value: unknown,
    ignoreLock: boolean,
    notFetch: boolean,
  ): Promise<[unknown, JobId] | null> {
    const json = jsonText(value);
    job.returnvalue = value || 0;
    const stored = this.activeJob(job.id, 'finished', ignoreLock);
    this.settler.complete(stored, json);
    job.finishedOn = stored.history?.finishedOn;
    const next = notFetch || this.engine.limiter !== null ? null : this.fetchNext();
    return next === null ? null : [next.toData(), next.id];
  }

  /** As Bull: spends an attempt, then tries again by the job's backoff or moves it to failed. */
  async moveToFailed(
    job: MemoryJob,
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

  promote(id: string): void {
    const stored = this.find(id);
    if (stored?.state !== 'delayed') throw new Error(`Job ${id} is not in a delayed state`);
    stored.delay = 0;
    this.engine.place(stored, null, 'lane-end');
    this.engine.arm();
    this.engine.events.publishWaiting(id);
  }

  /** Puts a failed job behind all that wait, as Bull does, without its priority. @returns when */
  retry(id: string): number {
    const stored = this.find(id);
    if (stored === undefined) throw new Error("Couldn't retry job: The job doesn't exist");
    if (stored.locked) throw new Error("Couldn't retry job: The job is locked");
    if (stored.state !== 'failed') {
      throw new Error("Couldn't retry job: The job has been already retried or has not failed");
    }
    const now = this.engine.clock.now();
    this.forgetOutcome(stored);
    stored.remember().retriedOn = now;
    this.engine.place(stored, null, stored.options.lifo ? 'first' : 'last');
    this.engine.events.publishWaiting(id);
    return now;
  }

  /** Puts all failed jobs back, oldest first. Bull publishes no `waiting` for them. */
  retryAll(): void {
    for (const stored of this.engine.store.failed) {
      this.forgetOutcome(stored);
      this.engine.place(stored, null, 'last');
    }
  }

  remove(job: MemoryJob): void {
    const stored = this.find(job.id);
    if (stored !== undefined) {
      if (stored.locked) throw new Error(`Could not remove job ${job.id}`);
      this.drop(stored);
    }
    this.engine.events.emit('removed', job);
  }

  /** Forgets a job that nobody runs, and what hangs on it. */
  drop(stored: StoredJob): void {
    this.engine.debounce.removed(stored);
    this.engine.store.drop(stored);
    this.engine.arm();
  }

  async finished(id: string): Promise<unknown> {
    const stored = this.find(id);
    if (stored?.state === 'completed') return JSON.parse(stored.history?.returnvalue ?? 'null') as unknown;
    if (stored?.state === 'failed') throw new Error(stored.history?.failedReason);
    if (this.engine.closed) throw new Error('cannot check if job is finished in a closing queue.');
    return this.engine.finishWaiters.wait(id);
  }

  private async retryOrFail(job: MemoryJob, stored: StoredJob, error: Error): Promise<void> {
    const { options } = stored;
    const { engine } = this;
    let delay: number | undefined = -1;
    if (stored.attemptsMade < options.attempts && !job.discarded) {
      delay = await this.delayBeforeRetry(stored, error);
      // The strategy may have taken its time.
      if (!engine.store.holds(stored)) throw missingKey(job.id, 'delayed');
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
      return await backoffDelay(backoff, stored.attemptsMade, this.engine.backoffStrategies, error);
    } catch (broken) {
      this.engine.events.emit('error', broken, 'Error processing job');
      return -1;
    }
  }

  private forgetOutcome(stored: StoredJob): void {
    const history = stored.remember();
    history.finishedOn = undefined;
    history.processedOn = undefined;
    history.failedReason = undefined;
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

function missingKey(id: string, command: string): Error {
  return new Error(`Missing key for job ${id} ${command}`);
}
