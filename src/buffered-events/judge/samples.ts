/** Sums at one moment; all of them only grow. */
export interface Sample {
  /** Milliseconds, by a clock that goes on evenly. */
  readonly at: number;
  /** Events accepted. */
  readonly emitted: number;
  /** Events handled. */
  readonly done: number;
  /** Runs that failed. */
  readonly failed: number;
  /** Events that became dead letters. */
  readonly dead: number;
  readonly restarts: number;
  readonly stalls: number;
  /** Milliseconds that the bus kept the app's thread. */
  readonly busyMs: number;
  readonly latencies: Float64Array;
  readonly processings: Float64Array;
  /** Whether events waited at this moment. */
  readonly isWaiting: boolean;
}

/** How far back samples go, milliseconds. */
const KEPT_MS = 60_000;
/** Samples closer to each other than this are one, milliseconds. */
const APART_MS = 250;

/** Samples of the last minute, so that "per second" and "within the last minute" mean what they say. */
export class Samples {
  private readonly kept: Sample[] = [];

  /** Keeps it, unless there is one of just before. */
  add(sample: Sample): void {
    const last = this.kept.at(-1);
    if (last !== undefined && sample.at - last.at < APART_MS) return;
    this.kept.push(sample);
    // One that is older than a minute stays: differences of the whole minute begin there.
    while (this.kept.length > 2 && (this.kept[1] as Sample).at <= sample.at - KEPT_MS) this.kept.shift();
  }

  /** The newest that is at least so old; the oldest of all where none is. */
  before(now: Sample, agoMs: number): Sample {
    const old = this.kept.findLast(({ at }) => at <= now.at - agoMs);
    return old ?? this.kept[0] ?? now;
  }

  /** Whether events waited in each of the samples of the last milliseconds, and now, and they go so far back. */
  waitedFor(now: Sample, agoMs: number): boolean {
    const from = this.before(now, agoMs);
    if (!now.isWaiting || now.at - from.at < agoMs) return false;
    return this.kept.every(({ at, isWaiting }) => at < from.at || isWaiting);
  }
}

/** Of a figure, how much it grew per second between two samples; 0 where no time lies between. */
export function perSecond(from: Sample, to: Sample, of: (sample: Sample) => number): number {
  const seconds = (to.at - from.at) / 1_000;
  return seconds <= 0 ? 0 : Math.round(((of(to) - of(from)) / seconds) * 100) / 100;
}

/** Of classes, what was counted between two samples. */
export function grown(from: Float64Array, to: Float64Array): Float64Array {
  return to.map((count, index) => count - (from[index] as number));
}
