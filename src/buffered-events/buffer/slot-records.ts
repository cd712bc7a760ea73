import type { NewEvent, StoredEvent } from './buffer-words.js';
import { BLOCK_BYTES, SlotField } from './layout.js';
import type { SharedViews } from './shared-views.js';

const LANE_BITS = 3;
/** Bit of a kind: the payload is ASCII, which needs no decoding. */
const ASCII = 4;

/** Buffer's own readers and writers of one encoding: `write` and `toString` look theirs up by name at each call. */
interface DirectText {
  latin1Write(text: string, at: number, bytes: number): number;
  utf8Write(text: string, at: number, bytes: number): number;
  latin1Slice(from: number, to: number): string;
  utf8Slice(from: number, to: number): string;
}
type DirectBuffer = Buffer & DirectText;

/** How many bytes of UTF-8 an event's texts beside the payload take. */
export interface TextSizes {
  readonly correlation: number;
  readonly carried: number;
}

export function textSizesOf({ correlationId, carried }: NewEvent): TextSizes {
  return {
    correlation: correlationId === undefined ? 0 : Buffer.byteLength(correlationId),
    carried: carried === undefined ? 0 : Buffer.byteLength(carried),
  };
}

/** How many blocks its payload and its texts take. */
export function blocksOf(event: NewEvent, { correlation, carried }: TextSizes): number {
  return Math.max(1, Math.ceil((event.bytes + correlation + carried) / BLOCK_BYTES));
}

/** What of an event stands in its slot, and in its blocks: correlation id, what is carried along, payload. */
export class SlotRecords {
  private readonly bytes: DirectBuffer;
  /** For text of several blocks, which is not in one piece. */
  private scratch = Buffer.alloc(0) as DirectBuffer;

  constructor(private readonly views: SharedViews) {
    this.bytes = views.bytes as DirectBuffer;
  }

  /** Fills all but state, blocks and counts of the slot, and its blocks. */
  write(slot: number, event: NewEvent, firstBlock: number, blocks: number, sizes: TextSizes): void {
    const { ints, doubles } = this.views;
    const at = this.views.slot(slot);
    const ascii = event.bytes === event.json.length;
    ints[at + SlotField.kind] = event.lane | (ascii ? ASCII : 0);
    ints[at + SlotField.type] = event.type;
    ints[at + SlotField.attempts] = 0;
    ints[at + SlotField.crashes] = 0;
    ints[at + SlotField.firstBlock] = firstBlock;
    ints[at + SlotField.blocks] = blocks;
    ints[at + SlotField.jsonBytes] = event.bytes;
    ints[at + SlotField.correlationBytes] = event.correlationId === undefined ? 0 : sizes.correlation + 1;
    ints[at + SlotField.carriedBytes] = event.carried === undefined ? 0 : sizes.carried + 1;
    doubles[(at + SlotField.emittedAt) >> 1] = event.emittedAt;
    doubles[(at + SlotField.sequence) >> 1] = event.sequence;
    if (blocks === 1) {
      writeText(this.bytes, this.views.block(firstBlock), event, ascii, sizes);
      return;
    }
    const total = event.bytes + sizes.correlation + sizes.carried;
    this.makeScratch(total);
    writeText(this.scratch, 0, event, ascii, sizes);
    this.scatter(firstBlock, total);
  }

  read(slot: number, generation: number): StoredEvent {
    const { ints, doubles } = this.views;
    const at = this.views.slot(slot);
    const kind = ints[at + SlotField.kind] as number;
    const bytes = ints[at + SlotField.jsonBytes] as number;
    const correlation = ints[at + SlotField.correlationBytes] as number;
    const carried = ints[at + SlotField.carriedBytes] as number;
    const firstBlock = ints[at + SlotField.firstBlock] as number;
    let text = this.bytes;
    let from = this.views.block(firstBlock);
    if (ints[at + SlotField.blocks] !== 1) {
      this.gather(firstBlock, bytes + Math.max(0, correlation - 1) + Math.max(0, carried - 1));
      text = this.scratch;
      from = 0;
    }
    const carriedFrom = correlation === 0 ? from : from + correlation - 1;
    const jsonFrom = carried === 0 ? carriedFrom : carriedFrom + carried - 1;
    const jsonTo = jsonFrom + bytes;
    return {
      slot,
      generation,
      type: ints[at + SlotField.type] as number,
      lane: kind & LANE_BITS,
      sequence: doubles[(at + SlotField.sequence) >> 1] as number,
      emittedAt: doubles[(at + SlotField.emittedAt) >> 1] as number,
      correlationId: correlation === 0 ? undefined : text.utf8Slice(from, carriedFrom),
      carried: carried === 0 ? undefined : text.utf8Slice(carriedFrom, jsonFrom),
      json: (kind & ASCII) === 0 ? text.utf8Slice(jsonFrom, jsonTo) : text.latin1Slice(jsonFrom, jsonTo),
      bytes,
      attempts: ints[at + SlotField.attempts] as number,
      crashes: ints[at + SlotField.crashes] as number,
    };
  }

  sequenceOf(slot: number): number {
    return this.views.doubles[(this.views.slot(slot) + SlotField.sequence) >> 1] as number;
  }

  laneOf(slot: number): number {
    return (this.views.ints[this.views.slot(slot) + SlotField.kind] as number) & LANE_BITS;
  }

  /** Counts one more in a field of the slot. @returns all of them */
  count(slot: number, field: number): number {
    const at = this.views.slot(slot) + field;
    const count = (this.views.ints[at] as number) + 1;
    this.views.ints[at] = count;
    return count;
  }

  private makeScratch(bytes: number): void {
    if (this.scratch.length < bytes) this.scratch = Buffer.allocUnsafeSlow(bytes) as DirectBuffer;
  }

  private scatter(firstBlock: number, total: number): void {
    let block = firstBlock;
    for (let done = 0; done < total; done += BLOCK_BYTES) {
      this.scratch.copy(this.bytes, this.views.block(block), done, Math.min(total, done + BLOCK_BYTES));
      block = this.after(block);
    }
  }

  private gather(firstBlock: number, total: number): void {
    this.makeScratch(total);
    let block = firstBlock;
    for (let done = 0; done < total; done += BLOCK_BYTES) {
      const from = this.views.block(block);
      this.bytes.copy(this.scratch, done, from, from + Math.min(BLOCK_BYTES, total - done));
      block = this.after(block);
    }
  }

  private after(block: number): number {
    return this.views.ints[this.views.at.next + block] as number;
  }
}

function writeText(
  to: DirectText,
  from: number,
  { correlationId, carried, json, bytes }: NewEvent,
  ascii: boolean,
  sizes: TextSizes,
): void {
  let at = from;
  if (correlationId !== undefined) at += to.utf8Write(correlationId, at, sizes.correlation);
  if (carried !== undefined) at += to.utf8Write(carried, at, sizes.carried);
  if (ascii) to.latin1Write(json, at, bytes);
  else to.utf8Write(json, at, bytes);
}
