import type { RedisTakenJob } from '../../bull/redis-taken-job.js';
import type { CompletionBatcher } from '../completion-batcher.js';
import type { RunPace } from './run-pace.js';

/** A job that waited longer than this is handed back, milliseconds: what it waits for is slower than its forerunners were. */
const LONGEST_WAIT_MS = 50;

interface Place {
  readonly taken: RedisTakenJob;
  /** When it came, by the process' clock. */
  readonly since: number;
  /** How many stood in the line then, itself included. */
  readonly place: number;
}

/**
 * The jobs that were taken ahead: locked for this worker, they wait a few milliseconds for a handler, first in, first out.
 * They have not begun: Redis knows it, so that the death of this worker is no crash of theirs.
 */
export class TakenAhead {
  private line: Place[] = [];
  private timer: NodeJS.Timeout | null = null;
  private handingBack: Promise<void> | null = null;

  /**
   * @param calls that take jobs: those in flight may bring more that stand behind the others
   * @param now the broker's time, milliseconds since the epoch
   * @param giveBack gives jobs back in this order, at the front of their lanes
   */
  constructor(
    private readonly pace: RunPace,
    private readonly calls: Pick<CompletionBatcher, 'whenAnswered'>,
    private readonly now: () => number,
    private readonly giveBack: (jobs: readonly RedisTakenJob[]) => Promise<void>,
  ) {}

  /** Whether all that stand here are about to be handed back; none begins until then. */
  get goesBack(): boolean {
    return this.handingBack !== null;
  }

  /** Whether a job stands here that may begin. */
  get mayBegin(): boolean {
    return this.line.length > 0 && !this.goesBack;
  }

  get size(): number {
    return this.line.length;
  }

  add(taken: RedisTakenJob): void {
    this.line.push({ taken, since: performance.now(), place: this.line.length + 1 });
    this.timer ??= setTimeout(() => this.look(), LONGEST_WAIT_MS);
  }

  /**
   * Takes the first ones off the line. When the first has waited too long (the event loop was blocked, and its lock may be
   * lost), or one must not begin any more, none begins, and all are handed back.
   */
  next(count: number): RedisTakenJob[] {
    if (count <= 0 || !this.mayBegin) return [];
    if (this.isLate) {
      this.sayLate();
      return [];
    }
    if (this.hasExpired(count)) {
      void this.handBack();
      return [];
    }
    const now = performance.now();
    const begun = this.line.splice(0, count);
    for (const { since, place } of begun) this.pace.noteWait(now - since, place);
    return begun.map(({ taken }) => taken);
  }

  /** Hands back all, in order. Resolves when they stand in front of their lanes. */
  handBack(): Promise<void> {
    if (this.line.length > 0) this.handingBack ??= this.handBackAll();
    return this.handingBack ?? Promise.resolve();
  }

  private async handBackAll(): Promise<void> {
    await this.calls.whenAnswered();
    const jobs = this.line.map(({ taken }) => taken);
    this.line = [];
    const given = this.giveBack(jobs);
    this.handingBack = null;
    await given;
  }

  /** The next take ends it. */
  private hasExpired(count: number): boolean {
    for (let i = 0; i < count && i < this.line.length; i++) {
      const expiresAt = this.line[i]?.taken.expiresAt ?? Number.POSITIVE_INFINITY;
      if (Number.isFinite(expiresAt) && this.now() >= expiresAt) return true;
    }
    return false;
  }

  private get isLate(): boolean {
    const [first] = this.line;
    return first !== undefined && performance.now() - first.since >= LONGEST_WAIT_MS;
  }

  private sayLate(): void {
    this.pace.forget();
    void this.handBack();
  }

  private look(): void {
    this.timer = null;
    if (this.isLate && !this.goesBack) this.sayLate();
    const [first] = this.line;
    if (first === undefined) return;
    const leftMs = first.since + LONGEST_WAIT_MS - performance.now();
    const waitMs = this.goesBack ? LONGEST_WAIT_MS : Math.max(1, Math.ceil(leftMs));
    this.timer = setTimeout(() => this.look(), waitMs);
  }
}
