import { MAIN_OWNER } from '../buffer/buffer-words.js';
import type { ConsumerReading } from '../bus/bus-readings.js';
import { CLASSES } from './log-histogram.js';

/** What consumers did since the start. */
export interface ConsumerSums {
  /** Events handled. */
  done: number;
  /** Runs that failed. */
  failed: number;
  /** Milliseconds of their runs. */
  processingMs: number;
}

/** Numbers of one consumer as they stood when it was last read: Int32 that wrap. */
interface LastRead {
  done: number;
  failed: number;
  processing: number;
  readonly latencies: Int32Array;
  readonly processings: Int32Array;
}

/**
 * Adds up what consumers count for themselves. Theirs are Int32 that wrap and belong to a place, not to a thread: who runs there after
 * another died goes on counting, so differences are what was done, whoever did it.
 */
export class ConsumerTotals {
  readonly threads: ConsumerSums = { done: 0, failed: 0, processingMs: 0 };
  readonly main: ConsumerSums = { done: 0, failed: 0, processingMs: 0 };
  /** Of all, since the start. */
  readonly latencies = new Float64Array(CLASSES);
  readonly processings = new Float64Array(CLASSES);
  private readonly last = new Map<number, LastRead>();
  private readonly each = new Map<number, ConsumerSums>();

  /** To be called before any number has wrapped twice. */
  add(consumers: readonly ConsumerReading[]): void {
    for (const consumer of consumers) this.addOne(consumer);
  }

  /** What was done in one place. */
  of(owner: number): ConsumerSums {
    const known = this.each.get(owner) ?? { done: 0, failed: 0, processingMs: 0 };
    this.each.set(owner, known);
    return known;
  }

  private addOne(reading: ConsumerReading): void {
    const last = this.lastOf(reading.owner);
    const done = since(last.done, reading.done);
    const failed = since(last.failed, reading.failed);
    const processingMs = since(last.processing, reading.processing) / 1_000;
    for (const sums of [this.of(reading.owner), reading.owner === MAIN_OWNER ? this.main : this.threads]) {
      sums.done += done;
      sums.failed += failed;
      sums.processingMs += processingMs;
    }
    addClasses(this.latencies, last.latencies, reading.latencies);
    addClasses(this.processings, last.processings, reading.processings);
    last.done = reading.done;
    last.failed = reading.failed;
    last.processing = reading.processing;
  }

  private lastOf(owner: number): LastRead {
    const known = this.last.get(owner);
    if (known !== undefined) return known;
    const classes = (): Int32Array => new Int32Array(CLASSES);
    const first = { done: 0, failed: 0, processing: 0, latencies: classes(), processings: classes() };
    this.last.set(owner, first);
    return first;
  }
}

/** How far a counter went, modulo 2³². */
function since(before: number, now: number): number {
  return (now - before) >>> 0;
}

function addClasses(sums: Float64Array, last: Int32Array, now: ArrayLike<number>): void {
  for (let index = 0; index < CLASSES; index++) {
    const count = now[index] as number;
    sums[index] = (sums[index] as number) + since(last[index] as number, count);
    last[index] = count;
  }
}
