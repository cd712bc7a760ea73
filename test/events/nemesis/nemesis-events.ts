/** How a thread dies. */
export type Death = 'exit' | 'throw' | 'loop' | 'block' | 'heap';

/**
 * What an event does to whoever runs it. Those that fail or kill once do so in their first run, the others in each; `quits-once`
 * fails, and its thread dies before anybody may have heard of that.
 */
export type NemesisKind = 'plain' | 'fails' | 'fails-once' | 'quits-once' | Death | `${Death}-once`;

/** What is emitted: no more than a number and a kind, so that what was handled can be told in memory that survives its thread. */
export interface NemesisPayload {
  readonly n: number;
  readonly kind: NemesisKind;
  /** Of the handler, milliseconds. */
  readonly takesMs: number;
}

export const NEMESIS_TYPE = 'nemesis';

/** Names of what the app gives to all its threads: the memory, and a mistake to make. */
export const BOOK = 'nemesis.book';
export const MISTAKE = 'nemesis.mistake';

const COUNTS = 4;

/** What happened to each event, in shared memory, so that no death of a thread can take it back. */
export class Book {
  constructor(private readonly counts: Int32Array) {}

  static of(events: number): Book {
    return new Book(new Int32Array(new SharedArrayBuffer(events * COUNTS * 4)));
  }

  /** To be given to threads. */
  get memory(): Int32Array {
    return this.counts;
  }

  /** @param attempt as the handler was told @returns which run it really is, 1 for the first */
  start(n: number, attempt: number): number {
    const at = n * COUNTS + 3;
    if (attempt > Atomics.load(this.counts, at)) Atomics.store(this.counts, at, attempt);
    return Atomics.add(this.counts, n * COUNTS, 1) + 1;
  }

  finish(n: number): void {
    Atomics.add(this.counts, n * COUNTS + 1, 1);
  }

  fail(n: number): void {
    Atomics.add(this.counts, n * COUNTS + 2, 1);
  }

  started(n: number): number {
    return Atomics.load(this.counts, n * COUNTS);
  }

  finished(n: number): number {
    return Atomics.load(this.counts, n * COUNTS + 1);
  }

  /** Runs that failed. */
  failed(n: number): number {
    return Atomics.load(this.counts, n * COUNTS + 2);
  }

  /** The highest attempt that a handler was told. */
  attempts(n: number): number {
    return Atomics.load(this.counts, n * COUNTS + 3);
  }
}
