import { CELL_INTS, OWNERS } from './layout.js';
import type { SharedViews } from './shared-views.js';

/** Buckets of a histogram: the nth counts times of at least 2ⁿ⁻¹ and less than 2ⁿ µs; the last all longer ones. */
const HISTOGRAM_BUCKETS = 24;

/** Where each word of an owner stands among its cells. */
export const CellField = {
  rest: 0,
  beat: 1,
  draining: 2,
  alone: 3,
  running: 4,
  done: 5,
  failed: 6,
  processingUs: 7,
  /** Blocks of what was done. */
  blocks: 8,
  /** What is being done this moment, and what stood counted before it. */
  endingSlot: 9,
  endingGeneration: 10,
  doneBefore: 11,
  blocksBefore: 12,
  latency: 16,
  processing: 16 + HISTOGRAM_BUCKETS,
} as const;

const Rest = { none: 0, sleeps: 1, dozes: 2 } as const;

/**
 * What one thread tells of itself, and the two words by which the app tells it something. Counters are written by their
 * thread alone and wrap at 2³²: read them as differences. They go on when a thread of the same number follows.
 */
export class ThreadCells {
  private readonly ints: Int32Array;

  constructor(views: SharedViews, owner: number) {
    const from = views.at.cells + owner * CELL_INTS;
    this.ints = views.ints.subarray(from, from + CELL_INTS);
  }

  /**
   * The thread: it rests from now on. It looks once more for work afterwards, or it may miss a bell.
   * @param dozes it will look by itself before long: who puts an event need not ring
   */
  rest(dozes: boolean): void {
    Atomics.store(this.ints, CellField.rest, dozes ? Rest.dozes : Rest.sleeps);
  }

  /** The thread: it found work, or was rung. */
  rise(): void {
    Atomics.store(this.ints, CellField.rest, Rest.none);
  }

  /** The app, before it rings: true for one call alone. */
  wake(): boolean {
    return Atomics.exchange(this.ints, CellField.rest, Rest.none) !== Rest.none;
  }

  get resting(): boolean {
    return Atomics.load(this.ints, CellField.rest) !== Rest.none;
  }

  get dozing(): boolean {
    return Atomics.load(this.ints, CellField.rest) === Rest.dozes;
  }

  /** The thread's loop turns. */
  beat(): void {
    Atomics.add(this.ints, CellField.beat, 1);
  }

  /** Changes while the thread's loop turns. */
  get beats(): number {
    return Atomics.load(this.ints, CellField.beat);
  }

  /** Set by the app: claim nothing any more. */
  get draining(): boolean {
    return Atomics.load(this.ints, CellField.draining) === 1;
  }
  set draining(draining: boolean) {
    Atomics.store(this.ints, CellField.draining, draining ? 1 : 0);
  }

  /** The suspect that the thread runs, and nothing beside it; −1: none. */
  get alone(): number {
    return Atomics.load(this.ints, CellField.alone) - 1;
  }
  set alone(slot: number) {
    Atomics.store(this.ints, CellField.alone, slot + 1);
  }

  /** Events that the thread runs. */
  get running(): number {
    return this.ints[CellField.running] as number;
  }
  set running(running: number) {
    this.ints[CellField.running] = running;
  }

  /** Events handled. */
  get done(): number {
    return this.ints[CellField.done] as number;
  }

  /** Runs that failed. */
  get failed(): number {
    return this.ints[CellField.failed] as number;
  }
  set failed(failed: number) {
    this.ints[CellField.failed] = failed;
  }

  /** Blocks that became free with what was done. */
  get blocks(): number {
    return this.ints[CellField.blocks] as number;
  }

  /** Microseconds from the start of runs to their end, in all. */
  get processingUs(): number {
    return this.ints[CellField.processingUs] as number;
  }

  /** The first run of an event has started, so long after it was emitted. */
  started(latencyMs: number): void {
    const at = CellField.latency + bucketOf(latencyMs * 1_000);
    this.ints[at] = (this.ints[at] as number) + 1;
  }

  /** A run has ended, well or not, after so long. */
  ended(processingMs: number): void {
    const us = processingMs * 1_000;
    const at = CellField.processing + bucketOf(us);
    this.ints[at] = (this.ints[at] as number) + 1;
    this.ints[CellField.processingUs] = (this.ints[CellField.processingUs] as number) + Math.round(us);
  }

  /** Events by how long after the emit their first run started. A view: it goes on counting. */
  get latency(): Int32Array {
    return this.ints.subarray(CellField.latency, CellField.latency + HISTOGRAM_BUCKETS);
  }

  /** Runs by how long they took. A view: it goes on counting. */
  get processing(): Int32Array {
    return this.ints.subarray(CellField.processing, CellField.processing + HISTOGRAM_BUCKETS);
  }

  /** The app, before a thread of this number starts: what a dead one said of itself holds no more. */
  reset(): void {
    for (const cell of [CellField.rest, CellField.draining, CellField.alone, CellField.running]) {
      Atomics.store(this.ints, cell, 0);
    }
  }

  /**
   * The thread, just before it frees a slot: counted first, so that whoever finds the slot free finds it counted.
   * @param blocks of the slot
   */
  count(slot: number, generation: number, blocks: number): void {
    const { ints } = this;
    const done = ints[CellField.done] as number;
    const blocksBefore = ints[CellField.blocks] as number;
    ints[CellField.doneBefore] = done;
    ints[CellField.blocksBefore] = blocksBefore;
    ints[CellField.endingGeneration] = generation;
    ints[CellField.endingSlot] = slot + 1;
    ints[CellField.done] = (done + 1) | 0;
    ints[CellField.blocks] = (blocksBefore + blocks) | 0;
  }

  /** Whether this slot was the last to be counted. When it is still claimed, its thread died before it was free. */
  counted(slot: number, generation: number): boolean {
    return (
      this.ints[CellField.endingSlot] === slot + 1 && this.ints[CellField.endingGeneration] === generation
    );
  }

  /** What was counted last was not freed after all. */
  uncount(): void {
    this.ints[CellField.done] = this.ints[CellField.doneBefore] as number;
    this.ints[CellField.blocks] = this.ints[CellField.blocksBefore] as number;
    this.ints[CellField.endingSlot] = 0;
  }
}

/** Whether a thread dozes, other than the one of that number. */
export function othersDoze(views: SharedViews, owner: number): boolean {
  const owners = Atomics.load(views.ints, OWNERS);
  for (let other = 1; other < owners; other += 1) {
    const rest = Atomics.load(views.ints, views.at.cells + other * CELL_INTS + CellField.rest);
    if (rest === Rest.dozes && other !== owner) return true;
  }
  return false;
}

function bucketOf(us: number): number {
  // Of more than 2³² only the lower bits would be seen; a clock that was set back gives less than nothing.
  if (us >= 0x7fffffff) return HISTOGRAM_BUCKETS - 1;
  return Math.min(HISTOGRAM_BUCKETS - 1, 32 - Math.clz32(Math.max(0, us)));
}
