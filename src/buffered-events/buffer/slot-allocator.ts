import { SlotField } from './layout.js';
import type { BlockAllocator } from './block-allocator.js';
import type { SharedViews } from './shared-views.js';
import { FREE, stateOf } from './state-word.js';

/** How many slots are used at first. */
const FIRST_RANGE = 256;
/** As many are taken back at once. */
const BATCH = 64;

/**
 * Which slots are free. Only the app's thread asks. Others free a slot by its state alone; it is taken back here when it
 * is needed. The range in use grows only as far as events stand at the same time, so that it stays in the caches.
 */
export class SlotAllocator {
  /** Those known to be free: what was used last is used next. */
  private readonly free: number[] = [];
  private readonly lentOut: Uint8Array;
  private range = 0;
  private cursor = 0;

  constructor(
    private readonly views: SharedViews,
    private readonly blocks: BlockAllocator,
    /** Slots that hold an event, as counted. */
    private readonly holding: () => number,
  ) {
    this.lentOut = new Uint8Array(views.handle.slots);
  }

  /** Slots given out and not taken back yet: at least as many as hold an event. */
  get lent(): number {
    return this.range - this.free.length;
  }

  /** Slots from this one on have never been used. */
  get used(): number {
    return this.range;
  }

  /** A slot, or −1 when none is free. */
  take(): number {
    if (this.free.length === 0) this.refill();
    const slot = this.free.pop() ?? -1;
    if (slot >= 0) this.lentOut[slot] = 1;
    return slot;
  }

  /** Takes back a slot that no longer has blocks. */
  give(slot: number): void {
    this.lentOut[slot] = 0;
    this.free.push(slot);
  }

  /** Takes back what others freed, with its blocks: so many slots, or all there are. @returns how many */
  collect(most = BATCH): number {
    let found = 0;
    for (let looked = 0; looked < this.range && found < most; looked += 1) {
      const slot = this.cursor;
      this.cursor = slot + 1 === this.range ? 0 : slot + 1;
      if (this.lentOut[slot] === 0) continue;
      const at = this.views.slot(slot);
      if (stateOf(Atomics.load(this.views.ints, at)) !== FREE) continue;
      this.takeBack(slot, at);
      found += 1;
    }
    return found;
  }

  private takeBack(slot: number, at: number): void {
    const { ints } = this.views;
    this.blocks.give(ints[at + SlotField.firstBlock] as number, ints[at + SlotField.blocks] as number);
    this.give(slot);
  }

  private refill(): void {
    const freed = this.range - this.holding();
    // Looking for few among many costs more than taking some that are new.
    if (freed * 4 < this.range || this.range === 0) this.grow();
    if (this.free.length === 0 && freed > 0) this.collect();
  }

  private grow(): void {
    const before = this.range;
    this.range = Math.min(this.views.handle.slots, before === 0 ? FIRST_RANGE : before * 2);
    for (let slot = this.range - 1; slot >= before; slot -= 1) this.free.push(slot);
  }
}
