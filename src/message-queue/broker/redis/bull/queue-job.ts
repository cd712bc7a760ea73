import type { ChainableCommander } from 'ioredis';
import { replyCode } from '../../../../kernel/redis/redis-replies.js';
import { refuseSealedEdit } from '../../rules/sealed-edits.js';
import type { Ask } from './bounded-calls.js';
import { rejecting } from './bounded-calls.js';
import { BullJob } from './bull-internals.js';
import type { FinishedJobs } from './finished-jobs.js';

/** Bull's methods of a job that ask Redis, but for those that are built on them. */
const ASKING = [
  ...['getState', 'isCompleted', 'isFailed', 'isDelayed', 'isActive', 'isWaiting', 'isPaused', 'isStuck'],
  ...['log', 'remove', 'retry', 'promote', 'takeLock', 'releaseLock', 'extendLock'],
  ...['moveToCompleted', 'moveToFailed', 'moveToDelayed'],
] as const;
/** Scripts that `moveToFailed` sends in one transaction. */
const FAILING = ['saveStacktrace', 'moveToFinished', 'moveToDelayed', 'retryJob'] as const;
type Call = (this: QueueJob, ...args: unknown[]) => Promise<unknown>;

/** The job's queue, as far as the job needs it. */
interface AskedQueue {
  readonly ask: Ask;
  readonly finishedJobs: FinishedJobs;
}

/** Bull's job; what it asks Redis is answered, or refused with an error of ours, as what its queue asks is. */
export class QueueJob extends BullJob {
  /** As in Bull. Without an argument: what was reported last, at once. */
  override progress(): unknown;
  override progress(progress: unknown): Promise<void>;
  override progress(progress?: unknown): unknown {
    if (progress === undefined) return super.progress();
    return this.ask('progress', () => super.progress(progress));
  }

  /** As in Bull. @throws JobStateError for a sealed payload */
  override async update(data: object): Promise<void> {
    refuseSealedEdit(this.queue, this);
    await this.ask('update', () => super.update(data));
  }

  /** As in Bull, but ends when no end can come any more. */
  override finished(): Promise<unknown> {
    return this.asked.finishedJobs.of(String(this.id));
  }

  /** Of Bull: part of `moveToFailed`, which overlooks what Redis refuses. */
  _saveAttempt(multi: ChainableCommander, error: Error): void {
    const { attemptsMade, stacktrace } = this;
    const exec = rejecting(multi).exec.bind(multi);
    multi.exec = () =>
      exec().catch(async (refusal: unknown) => {
        // It was no attempt: the call may be made again.
        Object.assign(this, { attemptsMade, stacktrace });
        if (replyCode(refusal) === 'NOSCRIPT') await this.loadScripts();
        throw refusal;
      });
    this.stacktrace = [...stacktrace];
    BullJob.prototype._saveAttempt.call(this, multi, error);
  }

  /** Makes a job that Bull itself made one of these. */
  static from<Made extends object | null | undefined>(job: Made): Made {
    return job ? (Object.setPrototypeOf(job, QueueJob.prototype) as Made) : job;
  }

  private get asked(): AskedQueue {
    return this.queue as unknown as AskedQueue;
  }

  /** In a transaction the client takes a script for loaded that Redis was sent once, and refused. */
  private async loadScripts(): Promise<void> {
    const { client } = this.queue;
    const { scriptsSet } = client as unknown as { scriptsSet: Record<string, { readonly lua: string }> };
    for (const name of FAILING) await client.script('LOAD', scriptsSet[name]?.lua ?? '');
  }

  private ask<T>(name: string, call: () => Promise<T>): Promise<T> {
    return this.asked.ask(`${name}() of job "${this.id}"`, call);
  }

  static {
    const bulls = BullJob.prototype as unknown as Record<string, Call | undefined>;
    const ours = QueueJob.prototype as unknown as Record<string, Call>;
    for (const name of ASKING) {
      const call = bulls[name];
      if (call === undefined) throw new TypeError(`Bull's job has no ${name}().`);
      ours[name] = function (...args) {
        return this.ask(name, () => call.apply(this, args));
      };
    }
  }
}
