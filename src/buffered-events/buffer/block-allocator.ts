import type { SharedViews } from './shared-views.js';

const NONE = -1;

/** Which blocks are free. Only the app's thread asks; the links of those in use stand in shared memory, for readers. */
export class BlockAllocator {
  private readonly next: number;
  private readonly ints: Int32Array;
  private readonly total: number;
  /** Blocks before this one have been used: memory that was never needed is never touched. */
  private fresh = 0;
  private firstFree = NONE;
  private freed = 0;

  constructor(views: SharedViews) {
    this.ints = views.ints;
    this.next = views.at.next;
    this.total = views.handle.blocks;
  }

  get free(): number {
    return this.freed + this.total - this.fresh;
  }

  /** The first of so many linked blocks, or −1. */
  take(count: number): number {
    if (count > this.free) return NONE;
    const first = this.one();
    let last = first;
    for (let taken = 1; taken < count; taken += 1) {
      const block = this.one();
      this.ints[this.next + last] = block;
      last = block;
    }
    return first;
  }

  /** Takes back so many linked blocks. */
  give(first: number, count: number): void {
    let last = first;
    for (let passed = 1; passed < count; passed += 1) last = this.ints[this.next + last] as number;
    this.ints[this.next + last] = this.firstFree;
    this.firstFree = first;
    this.freed += count;
  }

  private one(): number {
    if (this.firstFree === NONE) return this.fresh++;
    const block = this.firstFree;
    this.firstFree = this.ints[this.next + block] as number;
    this.freed -= 1;
    return block;
  }
}
