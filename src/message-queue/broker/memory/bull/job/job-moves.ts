import type { JobStatus } from 'bull';
import { jsonText } from '../../store/json-text.js';
import type { QueueEngine } from '../../store/queue-engine.js';
import type { StoredJob } from '../../store/stored-job.js';
import { EXPIRED_REASON } from '../../../rules/ended-job.js';
import { closingQueue, goneJob } from '../../../rules/events/finish-waiters.js';
import type { FinishWaiters } from '../../../rules/events/finish-waiters.js';

/** Equal to Bull: what the methods of its `Job` do that do not end a run, with its checks and its error messages. */
export class JobMoves {
  constructor(
    private readonly engine: QueueEngine,
    private readonly waiters: FinishWaiters,
  ) {}

  async stateOf(id: string): Promise<JobStatus | 'stuck'> {
    await this.engine.turns.look();
    const state = this.find(id)?.state ?? null;
    if (state === null || state === 'expired') return 'stuck';
    return state === 'waiting' && this.engine.paused ? 'paused' : state;
  }

  updateProgress(job: { readonly id: string }, value: unknown, json: string | undefined): Promise<void> {
    const stored = this.find(job.id);
    if (stored === undefined) return Promise.reject(missingKey(job.id, 'updateProgress'));
    stored.remember().progress = json;
    // Of other jobs only what is large and stays counts.
    if (stored.state === 'failed') this.engine.store.measure(stored);
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

  async log(id: string, row: string | number | null | undefined): Promise<number> {
    const stored = this.find(id);
    if (stored === undefined) throw missingKey(id, 'addLog');
    const history = stored.remember();
    // As Redis takes it.
    const text = String(row ?? '');
    history.logs ??= [];
    history.logs.push(text);
    this.engine.store.resize(stored, text.length);
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

  remove(job: { readonly id: string }): void {
    const stored = this.find(job.id);
    if (stored !== undefined) {
      if (stored.locked) throw new Error(`Could not remove job ${job.id}`);
      this.engine.remove(stored);
    }
    this.engine.events.emit('removed', job);
  }

  async finished(id: string): Promise<unknown> {
    const stored = this.find(id);
    if (stored?.state === 'completed') return JSON.parse(stored.history?.returnvalue ?? 'null') as unknown;
    if (stored?.state === 'failed') throw new Error(stored.history?.failedReason);
    if (stored?.state === 'expired') throw new Error(EXPIRED_REASON);
    if (this.engine.closed) throw closingQueue();
    if (stored === undefined) throw goneJob(this.engine.name, id);
    return this.waiters.wait(id);
  }

  private forgetOutcome(stored: StoredJob): void {
    const history = stored.remember();
    history.finishedOn = undefined;
    history.processedOn = undefined;
    history.failedReason = undefined;
  }

  private find(id: string): StoredJob | undefined {
    return this.engine.store.jobs.get(id);
  }
}

/** The error of a command on a job that is gone. */
export function missingKey(id: string, command: string): Error {
  return new Error(`Missing key for job ${id} ${command}`);
}
