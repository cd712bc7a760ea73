import type { GroupRules } from '../../../rules/group-rules.js';
import type { StoredJob } from '../stored-job.js';
import { Line, placeOf } from './line.js';

/** Jobs of one key, tenant or batch: those that hold a slot, and those that stand in line for one. */
export class Group {
  /** The places of those that hold a slot, by their ids. */
  readonly admitted = new Map<string, number>();
  /** Those that wait for a slot. */
  readonly held = new Line();
  /** Those whose places are kept while they are delayed. Made when there is the first. */
  private kept: Line | null = null;
  /** The order in which groups began to hold jobs. */
  began = 0;
  /** Its jobs have waited long enough to be a batch, however few they are. */
  isDue = false;

  constructor(
    readonly name: string,
    readonly rules: GroupRules,
  ) {}

  get isEmpty(): boolean {
    return this.admitted.size === 0 && this.held.isEmpty && (this.kept?.isEmpty ?? true);
  }

  /** Who gets the next slot. In a group that keeps the places of delayed jobs, the place alone decides. */
  get next(): StoredJob | null {
    const held = this.held.first;
    const kept = this.kept?.first ?? null;
    if (held === null || kept === null) return held ?? kept;
    return placeOf(kept) < placeOf(held) ? kept : held;
  }

  /** Puts a job into line, at its place. */
  add(job: StoredJob): void {
    this.lineOf(job).add(job, this.rankOf(job));
  }

  remove(job: StoredJob): void {
    this.lineOf(job).remove(job);
  }

  private lineOf(job: StoredJob): Line {
    return job.state === 'waiting' ? this.held : (this.kept ??= new Line());
  }

  /** Where its jobs keep no order of their own, the more important come first. */
  private rankOf({ options }: StoredJob): number {
    return this.rules.isOrdered ? 0 : Number(options.priority) || Number.POSITIVE_INFINITY;
  }
}
