import { InvalidConfigurationError } from '../../kernel/errors.js';
import { MOST_THREADS, SUSPECTS } from './buffer-words.js';
import type { BufferHandle } from './buffer-words.js';

/** What an event's text is stored in. The usual event takes one. */
export const BLOCK_BYTES = 512;
const FEWEST_BLOCKS = 64;
/** A correlation id has 255 UTF-16 units at most, each of which takes up to three bytes of UTF-8. */
const LONGEST_CORRELATION_BYTES = 255 * 3;

/** A cache line: what different threads write stands in different ones. */
const LINE_INTS = 16;
const INT_BYTES = 4;

/** Header: what is asked of everybody, then head and tail of each ring, each in a line of its own. */
export const ROOM_WANTED = 0;
export const QUARANTINE = 1;
/** Owners from this number on have never been there. */
export const OWNERS = 2;
const RINGS = SUSPECTS + 1;
const FIRST_RING = LINE_INTS;
const HEADER_INTS = FIRST_RING + RINGS * 2 * LINE_INTS;

export const CELL_INTS = 64;

/** Fields of a slot: one cache line. The two doubles stand at even places. */
export const SLOT_INTS = LINE_INTS;
export const SlotField = {
  state: 0,
  /** Lane, and whether the payload is ASCII. */
  kind: 1,
  type: 2,
  attempts: 3,
  crashes: 4,
  firstBlock: 5,
  blocks: 6,
  jsonBytes: 7,
  /** Bytes and one, 0: none. So are those of what is carried. */
  correlationBytes: 8,
  carriedBytes: 9,
  emittedAt: 10,
  sequence: 12,
} as const;

export const RING_ENTRY_INTS = 2;

/** Where things stand, in Int32s, and the blocks in bytes. */
export interface Offsets {
  readonly cells: number;
  readonly slots: number;
  readonly rings: number;
  /** Of each block, which one follows it. */
  readonly next: number;
  readonly blockBytes: number;
  readonly totalBytes: number;
}

/** Where the head of a lane's ring stands; its tail follows in the next line. */
export function headOf(lane: number): number {
  return FIRST_RING + lane * 2 * LINE_INTS;
}

export function tailOf(lane: number): number {
  return headOf(lane) + LINE_INTS;
}

export function offsetsOf({ slots, blocks, ringSize }: Omit<BufferHandle, 'memory'>): Offsets {
  const cells = HEADER_INTS;
  const slotsAt = cells + (MOST_THREADS + 1) * CELL_INTS;
  const rings = slotsAt + slots * SLOT_INTS;
  const next = rings + RINGS * ringSize * RING_ENTRY_INTS;
  const blockBytes = (next + blocks) * INT_BYTES;
  const totalBytes = blockBytes + blocks * BLOCK_BYTES;
  return { cells, slots: slotsAt, rings, next, blockBytes, totalBytes };
}

/** What the size of the buffer follows from. */
export interface BufferLimits {
  /** Events. */
  readonly maxQueueSize: number;
  /** Of everything, what controls it included, in 1 048 576 bytes. */
  readonly maxMemoryMB: number;
  /** Bytes of the largest payload. */
  readonly maxEventSize: number;
}

/** A ring holds each slot once, and per thread at most one entry more that went stale while it slept. */
function ringSizeFor(slots: number): number {
  return 2 ** Math.ceil(Math.log2(slots + MOST_THREADS + 2));
}

/** How many slots and blocks fit. @throws InvalidConfigurationError with the sum, when too few do */
export function planMemory(limits: BufferLimits): Omit<BufferHandle, 'memory'> {
  const slots = limits.maxQueueSize;
  const ringSize = ringSizeFor(slots);
  const totalBytes = Math.floor(limits.maxMemoryMB * 2 ** 20);
  const controlBytes = offsetsOf({ slots, ringSize, blocks: 0 }).totalBytes;
  const perBlock = BLOCK_BYTES + INT_BYTES;
  const blocks = Math.max(0, Math.floor((totalBytes - controlBytes) / perBlock));
  const eventBytes = limits.maxEventSize + LONGEST_CORRELATION_BYTES;
  const needed = Math.max(FEWEST_BLOCKS, Math.ceil(eventBytes / BLOCK_BYTES));
  if (blocks < needed) throw tooSmall(limits, controlBytes, needed * perBlock, needed);
  return { slots, blocks, ringSize };
}

function tooSmall(
  { maxMemoryMB, maxQueueSize, maxEventSize }: BufferLimits,
  controlBytes: number,
  contentBytes: number,
  blocks: number,
): InvalidConfigurationError {
  const neededMB = Math.ceil((controlBytes + contentBytes) / 2 ** 20);
  const why =
    blocks === FEWEST_BLOCKS
      ? 'the fewest'
      : `one event of maxEventSize ${maxEventSize} bytes, and its correlation id`;
  const message =
    `${maxMemoryMB} MB are too few: ${controlBytes} bytes control ${maxQueueSize} events (maxQueueSize), and ` +
    `${blocks} blocks of ${BLOCK_BYTES} bytes (${why}) take ${contentBytes}: ` +
    `${controlBytes} + ${contentBytes} = ${controlBytes + contentBytes} bytes. ` +
    `Give at least ${neededMB} MB, or lower maxQueueSize or maxEventSize.`;
  return new InvalidConfigurationError('The memory of buffered events cannot be made:', [
    { path: 'maxMemoryMB', message },
  ]);
}
