import type { Queue } from 'bull';
import { inRootContext } from '../../../../kernel/host/root-context.js';
import { ours } from '../../../../kernel/host/ours.js';
import { EXPIRED_REASON } from '../../rules/ended-job.js';
import { closingQueue, FinishWaiters } from '../../rules/events/finish-waiters.js';

/** Messages tell of most ends; who missed one finds out this often, milliseconds. */
const LOOK_EVERY_MS = 1_000;
/** How long the message about the end of a job that is not there may be on its way, milliseconds. */
const LAST_MESSAGE_MS = 100;

/** What waiting for jobs needs of their queue. */
export type WaitedQueue = Queue<object> & { readonly isClosed: boolean };

/**
 * Those who wait for jobs of a queue in Redis to finish. Bull's own way of waiting never ends for a job that is gone, and
 * its looks end the process when Redis refuses them.
 */
export class FinishedJobs {
  private readonly waiters: FinishWaiters;
  private timer: NodeJS.Timeout | null = null;
  private readonly onCompleted = ours((jobId: unknown, json: unknown) => {
    this.waiters.settle(String(jobId), 'completed', typeof json === 'string' ? json : undefined);
  });
  private readonly onFailed = ours((jobId: unknown, reason: unknown) => {
    this.waiters.settle(String(jobId), 'failed', typeof reason === 'string' ? reason : undefined);
  });

  constructor(private readonly queue: WaitedQueue) {
    this.waiters = new FinishWaiters(queue.name);
  }

  /**
   * Settles as the job ends: with its result, or with an error that has its reason.
   * @throws JobNotFoundError when it is gone before; Error when the queue closes before
   */
  of(jobId: string): Promise<unknown> {
    if (this.queue.isClosed) return Promise.reject(closingQueue());
    const waiting = this.waiters.wait(jobId);
    this.listen();
    void this.look([jobId]);
    return waiting;
  }

  /** The queue closes. */
  close(): void {
    this.waiters.abandon();
    this.stopWhenDone();
  }

  private listen(): void {
    if (this.timer !== null) return;
    this.queue.on('global:completed', this.onCompleted);
    this.queue.on('global:failed', this.onFailed);
    this.timer = inRootContext(() => setInterval(() => void this.look(this.waiters.jobIds), LOOK_EVERY_MS));
  }

  private stopWhenDone(): void {
    if (this.timer === null || this.waiters.jobIds.length > 0) return;
    clearInterval(this.timer);
    this.timer = null;
    this.queue.removeListener('global:completed', this.onCompleted);
    this.queue.removeListener('global:failed', this.onFailed);
  }

  private async look(jobIds: readonly string[]): Promise<void> {
    await Promise.all(jobIds.map((jobId) => this.lookAt(jobId)));
    this.stopWhenDone();
  }

  private async lookAt(jobId: string): Promise<void> {
    const state = await this.stateOf(jobId);
    if (state === 'completed' || state === 'failed') await this.tell(jobId, state);
    if (state === 'expired') this.waiters.settle(jobId, 'failed', EXPIRED_REASON);
    if (state !== 'missing') return;
    await new Promise((resolve) => setTimeout(resolve, LAST_MESSAGE_MS));
    // A job of this id may have been added meanwhile.
    if ((await this.stateOf(jobId)) === 'missing') this.waiters.forget(jobId);
  }

  /** Unless a message told of it meanwhile. */
  private async tell(jobId: string, state: 'completed' | 'failed'): Promise<void> {
    const field = state === 'completed' ? 'returnvalue' : 'failedReason';
    const text = await this.queue.client.hget(this.queue.toKey(jobId), field).catch(() => undefined);
    if (text !== undefined) this.waiters.settle(jobId, state, text ?? (state === 'completed' ? 'null' : ''));
  }

  /** `unknown`: Redis is away, or refuses; the next look asks again. */
  private async stateOf(
    jobId: string,
  ): Promise<'completed' | 'failed' | 'expired' | 'open' | 'missing' | 'unknown'> {
    const { queue } = this;
    const answers = await queue.client
      .multi()
      .zscore(queue.toKey('completed'), jobId)
      .zscore(queue.toKey('failed'), jobId)
      .zscore(queue.toKey('mq:expired'), jobId)
      .exists(queue.toKey(jobId))
      .exec()
      .catch(() => null);
    if (answers === null || answers.some(([error]) => error !== null)) return 'unknown';
    const [completed, failed, expired, exists] = answers.map(([, answer]) => answer);
    if (completed !== null) return 'completed';
    if (failed !== null) return 'failed';
    if (expired !== null) return 'expired';
    return exists === 1 ? 'open' : 'missing';
  }
}
