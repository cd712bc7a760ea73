import type { FailedJob, FailedRange } from '../broker/broker.js';
import type { ManagedQueue } from '../broker/managed-queues.js';
import { finishedAt } from './dead-letter.js';
import { FailedSet } from './failed-set.js';
import type { FailedPosition } from './failed-set.js';

/** Which part of a failed set to read, and how. */
export interface FailedSetPlan extends Pick<FailedRange, 'order' | 'payloads'> {
  /** Earliest time, −Infinity for none. */
  readonly from: number;
  /** Latest time, Infinity for none. */
  readonly to: number;
  /** Continue after this letter. */
  readonly after?: FailedPosition;
  /** Jobs per read. */
  readonly chunkSize: number;
}

/** Walks through a failed set chunk by chunk, while others add to it and take from it. */
export class FailedSetReader {
  private readonly set: FailedSet;
  private anchor: FailedPosition | null;
  private earlierAnchor: FailedPosition | null = null;
  private rank: number | null = null;
  private startOfRead = 0;
  private vanishedAtStart = 0;
  private chunk: (FailedJob | null)[] = [];
  /** Jobs of the set that could not be read: gone, or not JSON any more. */
  unreadable = 0;

  constructor(
    managed: ManagedQueue,
    private readonly plan: FailedSetPlan,
  ) {
    this.set = new FailedSet(managed, plan.order);
    this.anchor = plan.after ?? null;
  }

  /** The next jobs, or null at the end. */
  async next(): Promise<FailedJob[] | null> {
    const start = await this.nextRank();
    this.chunk = await this.set.range(start, this.plan.chunkSize, this.plan.payloads);
    if (this.chunk.length === 0) return null;
    const last = this.plan.order === 'oldest' ? this.plan.to : this.plan.from;
    const jobs = this.chunk.filter((job) => job !== null);
    const inside = jobs.filter((job) => !this.set.isBefore(last, finishedAt(job)));
    this.unreadable += this.chunk.length - jobs.length;
    this.earlierAnchor = this.anchor;
    this.moveTo(start, this.chunk);
    if (inside.length === 0 && jobs.length > 0) return null;
    return inside;
  }

  /** Tells which jobs of the last chunk left the set, so that the next read starts at the right place. */
  left(ids: ReadonlySet<string>): void {
    const start = (this.rank ?? 0) - this.chunk.length;
    this.anchor = this.earlierAnchor;
    this.moveTo(
      start,
      this.chunk.filter((job) => job === null || !ids.has(job.id)),
    );
  }

  /** Where a job of the last chunk stands. */
  positionOf(job: FailedJob): FailedPosition {
    const start = (this.rank ?? 0) - this.chunk.length;
    return { at: finishedAt(job), id: job.id, rank: start + this.chunk.indexOf(job) };
  }

  private moveTo(start: number, stayed: (FailedJob | null)[]): void {
    this.rank = start + stayed.length;
    const index = stayed.findLastIndex((job) => job !== null);
    const job = stayed[index];
    if (job) this.anchor = { at: finishedAt(job), id: job.id, rank: start + index };
  }

  private async nextRank(): Promise<number> {
    if (this.anchor === null) return this.firstRank();
    const following = await this.set.rankAfter(this.anchor);
    // Vanished jobs behind the anchor were counted already.
    return this.rank !== null && following === this.anchor.rank + 1 ? this.rank : following;
  }

  /** Of what was read, at most vanished jobs have stayed: the rest has moved up to the beginning, behind them. */
  private async firstRank(): Promise<number> {
    const bound = this.plan.order === 'oldest' ? this.plan.from : this.plan.to;
    const first = Number.isFinite(bound) ? await this.set.rankOf(bound) : 0;
    this.vanishedAtStart = this.rank === null ? 0 : this.vanishedAtStart + this.rank - this.startOfRead;
    this.startOfRead = first + this.vanishedAtStart;
    return this.startOfRead;
  }
}
