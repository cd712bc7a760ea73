import type { FailedJob, FailedRange } from '../broker/broker.js';
import type { ManagedQueue } from '../broker/managed-queues.js';
import { finishedAt } from './dead-letter.js';

/** A letter's place in a failed set: found again even when letters before it came or went. */
export interface FailedPosition {
  /** When it failed. */
  readonly at: number;
  readonly id: string;
  /** Where it was when it was read. */
  readonly rank: number;
}

/** Letters whose time is read in one go while ties are searched for one id. */
const TIE_CHUNK = 200;
/** Vanished jobs that are skipped while looking for one that tells the time at a rank. */
const VANISHED_AHEAD = 20;

/** Reads a queue's failed set by ranges; it never reads all of it to find a place. */
export class FailedSet {
  constructor(
    private readonly managed: ManagedQueue,
    private readonly order: FailedRange['order'],
  ) {}

  size(): Promise<number> {
    return this.managed.queue.getFailedCount();
  }

  /** Jobs from rank `start` on, by default without payloads; null where a job is gone or cannot be read. */
  range(start: number, size: number, payloads = false): Promise<(FailedJob | null)[]> {
    const { broker, queue } = this.managed;
    return broker.readFailed(queue, { order: this.order, start, size, payloads });
  }

  /** Rank of the first letter at `at` or beyond it, in this order. */
  async rankOf(at: number): Promise<number> {
    let low = 0;
    let high = await this.size();
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const found = await this.timeAt(middle);
      if (found !== null && this.isBefore(found, at)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Rank of the letter that follows `position`. When the letter itself is gone, the letters that failed in the same
   * millisecond come again: better twice than never.
   */
  async rankAfter(position: FailedPosition): Promise<number> {
    const [there] = await this.range(position.rank, 1);
    if (there && there.id === position.id) return position.rank + 1;
    const firstTie = await this.rankOf(position.at);
    for (let rank = firstTie; ; rank += TIE_CHUNK) {
      const jobs = await this.range(rank, TIE_CHUNK);
      const index = jobs.findIndex((job) => job !== null && job.id === position.id);
      if (index >= 0) return rank + index + 1;
      const last = jobs.findLast((job) => job !== null);
      if (jobs.length < TIE_CHUNK || !last || finishedAt(last) !== position.at) return firstTie;
    }
  }

  /** Whether a letter of time `a` comes before one of time `b` in this order. */
  isBefore(a: number, b: number): boolean {
    return this.order === 'oldest' ? a < b : a > b;
  }

  private async timeAt(rank: number): Promise<number | null> {
    const [job] = await this.range(rank, 1);
    if (job) return finishedAt(job);
    const next = (await this.range(rank + 1, VANISHED_AHEAD)).find((candidate) => candidate !== null);
    return next ? finishedAt(next) : null;
  }
}
