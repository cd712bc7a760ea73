import type { BufferHandle } from './buffer-words.js';
import { BLOCK_BYTES, offsetsOf, SLOT_INTS } from './layout.js';
import type { Offsets } from './layout.js';

/** Views of the one piece of memory that all threads share. */
export class SharedViews {
  readonly ints: Int32Array;
  readonly doubles: Float64Array;
  readonly bytes: Buffer;
  readonly at: Offsets;

  constructor(readonly handle: BufferHandle) {
    this.at = offsetsOf(handle);
    const controlInts = this.at.blockBytes / Int32Array.BYTES_PER_ELEMENT;
    this.ints = new Int32Array(handle.memory, 0, controlInts);
    this.doubles = new Float64Array(handle.memory, 0, controlInts >> 1);
    this.bytes = Buffer.from(handle.memory);
  }

  /** Where a slot's fields begin, in Int32s. Its state is the first of them. */
  slot(slot: number): number {
    return this.at.slots + slot * SLOT_INTS;
  }

  /** Where a block's text begins, in bytes. */
  block(block: number): number {
    return this.at.blockBytes + block * BLOCK_BYTES;
  }
}
