import type { RedisTakenJob } from '../../bull/redis-taken-job.js';
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

  /** @param onLate called when the first of the line waited too long */
  constructor(
    private readonly pace: RunPace,
    private readonly onLate: () => void,
  ) {}

  get size(): number {
    return this.line.length;
  }

  add(taken: RedisTakenJob): void {
    this.line.push({ taken, since: performance.now(), place: this.line.length + 1 });
    this.timer ??= setTimeout(() => this.look(), LONGEST_WAIT_MS);
  }

  /**
   * Takes the first ones off the line. None while the first has waited too long (the event loop may have been blocked, and its lock may be lost):
   * then all of them are late.
   */
  next(count: number): RedisTakenJob[] {
    if (count <= 0 || this.line.length === 0) return [];
    if (this.isLate) {
      this.sayLate();
      return [];
    }
    const now = performance.now();
    const begun = this.line.splice(0, count);
    for (const { since, place } of begun) this.pace.noteWait(now - since, place);
    return begun.map(({ taken }) => taken);
  }

  /** Empties the line. @returns what stood in it, in order */
  takeBack(): RedisTakenJob[] {
    const all = this.line.map(({ taken }) => taken);
    this.line = [];
    return all;
  }

  private get isLate(): boolean {
    const [first] = this.line;
    return first !== undefined && performance.now() - first.since >= LONGEST_WAIT_MS;
  }

  private sayLate(): void {
    this.pace.forget();
    this.onLate();
  }

  private look(): void {
    this.timer = null;
    if (this.isLate) this.sayLate();
    const [first] = this.line;
    if (first === undefined) return;
    const waitMs = first.since + LONGEST_WAIT_MS - performance.now();
    this.timer = setTimeout(() => this.look(), Math.max(1, Math.ceil(waitMs)));
  }
}
