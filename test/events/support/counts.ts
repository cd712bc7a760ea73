/** Names of what the app gives to all its threads. */
export const COUNTS = 'events.counts';
export const STARTS = 'events.starts';

const GATE = 0;
const STARTED = 1;
const HEAP_KB = 2;
const HEADER = 3;
const PER_EVENT = 3;

/** What handlers did, in memory that all threads share and no death can take back. */
export class Counts {
  constructor(private readonly cells: Int32Array) {}

  static of(events: number): Counts {
    const cells = HEADER + PER_EVENT * events;
    return new Counts(new Int32Array(new SharedArrayBuffer(4 * cells)));
  }

  /** To be given to threads. */
  get memory(): Int32Array {
    return this.cells;
  }

  note(n: number, thread: number): void {
    const at = HEADER + n * PER_EVENT;
    Atomics.store(this.cells, at, Atomics.add(this.cells, STARTED, 1) + 1);
    Atomics.store(this.cells, at + 1, thread);
  }

  finish(n: number): void {
    Atomics.add(this.cells, HEADER + n * PER_EVENT + 2, 1);
  }

  /** How many events were started before it, at its last start; 0: it never was. */
  place(n: number): number {
    return Atomics.load(this.cells, HEADER + n * PER_EVENT);
  }

  /** Which thread ran it last; 0: that of the app. */
  thread(n: number): number {
    return Atomics.load(this.cells, HEADER + n * PER_EVENT + 1);
  }

  /** How often it was handled. */
  finished(n: number): number {
    return Atomics.load(this.cells, HEADER + n * PER_EVENT + 2);
  }

  waitAtGate(): void {
    while (Atomics.load(this.cells, GATE) === 0) Atomics.wait(this.cells, GATE, 0, 1_000);
  }

  openGate(): void {
    Atomics.store(this.cells, GATE, 1);
    Atomics.notify(this.cells, GATE);
  }

  tellHeap(bytes: number): void {
    Atomics.store(this.cells, HEAP_KB, Math.round(bytes / 1024));
  }

  /** As the last event of the type `heap` told it. */
  get heapKb(): number {
    return Atomics.load(this.cells, HEAP_KB);
  }
}
