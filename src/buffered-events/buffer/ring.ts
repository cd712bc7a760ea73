import { headOf, RING_ENTRY_INTS, tailOf } from './layout.js';
import type { SharedViews } from './shared-views.js';
import { claimedBy, READY } from './state-word.js';

/** One lane of what is ready, first in first out. Written by the app's thread alone, read by all. */
export class Ring {
  private readonly ints: Int32Array;
  private readonly head: number;
  private readonly tail: number;
  private readonly entries: number;
  private readonly mask: number;

  constructor(
    private readonly views: SharedViews,
    lane: number,
  ) {
    const { ringSize } = views.handle;
    this.ints = views.ints;
    this.head = headOf(lane);
    this.tail = tailOf(lane);
    this.entries = views.at.rings + lane * ringSize * RING_ENTRY_INTS;
    this.mask = ringSize - 1;
  }

  /** Entries, one that went stale included. */
  get length(): number {
    return (Atomics.load(this.ints, this.tail) - Atomics.load(this.ints, this.head)) | 0;
  }

  get isEmpty(): boolean {
    return Atomics.load(this.ints, this.head) === Atomics.load(this.ints, this.tail);
  }

  /** Only the app's thread: the slot stands READY with that generation already. */
  push(slot: number, generation: number): void {
    const { ints } = this;
    const tail = ints[this.tail] as number;
    const entry = this.entries + (tail & this.mask) * RING_ENTRY_INTS;
    ints[entry] = slot;
    ints[entry + 1] = generation;
    Atomics.store(ints, this.tail, (tail + 1) | 0);
  }

  /**
   * Claims what is first for an owner: its slot, or −1. The slot is won before the head moves, so one who is killed
   * between both leaves a slot that names it, and an entry that whoever comes next finds taken and steps over.
   */
  claim(owner: number): number {
    const { ints } = this;
    for (;;) {
      const head = Atomics.load(ints, this.head);
      if (head === Atomics.load(ints, this.tail)) return -1;
      const entry = this.entries + (head & this.mask) * RING_ENTRY_INTS;
      const slot = ints[entry] as number;
      const generation = ints[entry + 1] as number;
      const won = this.take(slot, generation, owner);
      Atomics.compareExchange(ints, this.head, head, (head + 1) | 0);
      if (won) return slot;
    }
  }

  private take(slot: number, generation: number, owner: number): boolean {
    const ready = READY | generation;
    return (
      Atomics.compareExchange(this.ints, this.views.slot(slot), ready, claimedBy(owner, generation)) === ready
    );
  }
}
