/** What recently happened to one queue's attempts in this process. */
export interface Activity {
  readonly completed: number;
  readonly failed: number;
  readonly avgMs: number | null;
  readonly p95Ms: number | null;
}

/** Length of the window in milliseconds. */
export const WINDOW_MS = 5 * 60_000;
const SLICES = 30;
const SLICE_MS = WINDOW_MS / SLICES;
/** Upper bounds of the histogram's buckets: 1 ms, then a fifth more each, up to about half an hour. */
const FACTOR = 1.2;
const BUCKETS = 80;

class Slice {
  number = -1;
  completed = 0;
  failed = 0;
  totalMs = 0;
  readonly histogram = new Uint32Array(BUCKETS);

  reset(number: number): void {
    this.number = number;
    this.completed = this.failed = this.totalMs = 0;
    this.histogram.fill(0);
  }
}

/**
 * Attempts of the last five minutes in slices of ten seconds: constant memory and constant cost per attempt, whatever
 * the load. Percentiles are right to within 20 %.
 */
export class ActivityWindow {
  private readonly slices = Array.from({ length: SLICES }, () => new Slice());

  note(outcome: 'completed' | 'failed', durationMs: number, now: number): void {
    const slice = this.sliceAt(now);
    slice[outcome] += 1;
    slice.totalMs += durationMs;
    const bucket = bucketOf(durationMs);
    slice.histogram[bucket] = (slice.histogram[bucket] ?? 0) + 1;
  }

  read(now: number): Activity {
    const oldest = Math.floor(now / SLICE_MS) - SLICES + 1;
    const live = this.slices.filter((slice) => slice.number >= oldest);
    const sum = (of: (slice: Slice) => number): number => live.reduce((total, slice) => total + of(slice), 0);
    const completed = sum((slice) => slice.completed);
    const failed = sum((slice) => slice.failed);
    const attempts = completed + failed;
    if (attempts === 0) return { completed, failed, avgMs: null, p95Ms: null };
    const avgMs = sum((slice) => slice.totalMs) / attempts;
    return { completed, failed, avgMs, p95Ms: percentile(live, attempts, 0.95) };
  }

  private sliceAt(now: number): Slice {
    const number = Math.floor(now / SLICE_MS);
    const slice = this.slices[number % SLICES] as Slice;
    if (slice.number !== number) slice.reset(number);
    return slice;
  }
}

function bucketOf(durationMs: number): number {
  if (durationMs <= 1) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log(durationMs) / Math.log(FACTOR)));
}

function percentile(slices: readonly Slice[], attempts: number, share: number): number {
  const wanted = Math.ceil(attempts * share);
  let seen = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    for (const slice of slices) seen += slice.histogram[bucket] ?? 0;
    if (seen >= wanted) return Math.round(FACTOR ** bucket);
  }
  return Math.round(FACTOR ** (BUCKETS - 1));
}
