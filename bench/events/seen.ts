import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

const MEMORY = 'bench.events.seen';
const HEADER_BYTES = 8;

/** Milliseconds since the epoch with fractions: the same in all threads of a process, up to a fraction of a millisecond. */
export function exactNow(): number {
  return performance.timeOrigin + performance.now();
}

/** What handlers saw, in memory of all threads: whoever is measured, it is counted alike. */
export class Seen {
  private readonly counts: Int32Array;
  private readonly latencies: Float64Array;

  private constructor(memory: SharedArrayBuffer) {
    this.counts = new Int32Array(memory, 0, 1);
    this.latencies = new Float64Array(memory, HEADER_BYTES);
  }

  /** In the app's thread, before threads start. @param most latencies that are kept */
  static make(most = 0): Seen {
    const memory = new SharedArrayBuffer(HEADER_BYTES + most * Float64Array.BYTES_PER_ELEMENT);
    setEnvironmentData(MEMORY, memory);
    return new Seen(memory);
  }

  /** In any thread. */
  static get(): Seen {
    return new Seen(getEnvironmentData(MEMORY) as SharedArrayBuffer);
  }

  /** Events handled. */
  get handled(): number {
    return Atomics.load(this.counts, 0);
  }

  /** An event was handled; how long after it was emitted, where that is kept. */
  note(emittedAt: number): void {
    const n = Atomics.add(this.counts, 0, 1);
    if (n < this.latencies.length) this.latencies[n] = exactNow() - emittedAt;
  }

  /** Milliseconds from emit to start, of those kept. */
  starts(): readonly number[] {
    return [...this.latencies.subarray(0, this.handled)];
  }
}
