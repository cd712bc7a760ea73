import type { HandlerPlace } from '../events/event-words.js';
import { BlockAllocator } from './block-allocator.js';
import { MAIN_OWNER, MOST_THREADS, SUSPECTS } from './buffer-words.js';
import type { BufferHandle, Hold, NewEvent, StoredEvent } from './buffer-words.js';
import { offsetsOf, planMemory, OWNERS, QUARANTINE, ROOM_WANTED, SlotField } from './layout.js';
import type { BufferLimits } from './layout.js';
import { MainLanes } from './main-lanes.js';
import { Ring } from './ring.js';
import { SharedViews } from './shared-views.js';
import { SlotAllocator } from './slot-allocator.js';
import { SlotEnd } from './slot-end.js';
import { blocksOf, SlotRecords, textSizesOf } from './slot-records.js';
import type { TextSizes } from './slot-records.js';
import {
  CLAIMED,
  FREE,
  generationOf,
  nextGeneration,
  ownerOf,
  READY,
  stateOf,
  WAITING,
} from './state-word.js';
import { ThreadCells } from './thread-cells.js';
import type { LaneWeights } from './weighted-turns.js';

const NOBODY = -1;
const CRITICAL = 0;

/**
 * The app's side of the memory in which an event lives until somebody has finished it, and the only writer of new ones.
 * Whatever is decided of an event is decided through it: who claims one only handles it, or says that it failed.
 */
export class EventBuffer {
  /** Lanes of events whose handlers run in the app's thread. */
  readonly main: MainLanes;
  private readonly views: SharedViews;
  private readonly records: SlotRecords;
  private readonly rings: readonly [critical: Ring, normal: Ring, low: Ring, suspects: Ring];
  private readonly blocks: BlockAllocator;
  private readonly slots: SlotAllocator;
  private readonly ofOwners: ThreadCells[];
  private readonly slotsForAll: number;
  /** Slots given to events, less those that the app itself freed: wraps, as the counters of threads do. */
  private given = 0;
  private givenBlocks = 0;

  /** @throws InvalidConfigurationError with the sum, when the memory is too small */
  static create(limits: BufferLimits & { readonly weights: LaneWeights }): EventBuffer {
    const plan = planMemory(limits);
    const memory = new SharedArrayBuffer(offsetsOf(plan).totalBytes);
    return new EventBuffer({ ...plan, memory }, limits.weights);
  }

  private constructor(
    readonly handle: BufferHandle,
    weights: LaneWeights,
  ) {
    this.views = new SharedViews(handle);
    this.records = new SlotRecords(this.views);
    const ring = (lane: number) => new Ring(this.views, lane);
    this.rings = [ring(0), ring(1), ring(2), ring(SUSPECTS)];
    this.blocks = new BlockAllocator(this.views);
    this.slots = new SlotAllocator(this.views, this.blocks, () => this.size);
    this.ofOwners = Array.from(
      { length: MOST_THREADS + 1 },
      (_, owner) => new ThreadCells(this.views, owner),
    );
    this.slotsForAll = handle.slots - Math.floor(handle.slots / 10);
    const end = new SlotEnd(this.views, this.cells(MAIN_OWNER), MAIN_OWNER);
    this.main = new MainLanes(this.views, this.records, end, weights);
    this.quarantine = NOBODY;
  }

  /** Stores an event, ready in its lane; or says why there is no room. The last tenth of the slots is for `critical`. */
  put(event: NewEvent, place: HandlerPlace): 'events' | 'memory' | null {
    const allowed = event.lane === CRITICAL ? this.handle.slots : this.slotsForAll;
    if (this.slots.lent >= allowed && this.size >= allowed) return 'events';
    const sizes = textSizesOf(event);
    const blocks = blocksOf(event, sizes);
    if (blocks > this.blocks.free && !this.findBlocks(blocks)) return 'memory';
    const slot = this.slots.take();
    if (slot < 0) return 'events';
    this.store(slot, event, blocks, sizes, place);
    return null;
  }

  /** It failed where it was claimed: from now on the app holds it. @returns false where it is held so no longer, and nothing is to be done */
  hold({ slot, generation }: Hold): boolean {
    const word = this.word(slot);
    if (stateOf(word) !== CLAIMED || generationOf(word) !== generation) return false;
    this.set(slot, WAITING | generation);
    return true;
  }

  /**
   * What the app holds, or a dead thread held, is ready again: in its own lane, or alone among suspects. Whoever held it
   * holds it no more. @returns false where it is ready already, or nothing stands in the slot
   */
  ready(slot: number, lane: 'own' | 'suspects', place: HandlerPlace): boolean {
    const state = stateOf(this.word(slot));
    if (state === FREE || state === READY) return false;
    this.makeReady(slot, lane === 'own' ? this.records.laneOf(slot) : SUSPECTS, place);
    return true;
  }

  /** Counts a failed run. @returns all of them */
  failedOnce(slot: number): number {
    return this.records.count(slot, SlotField.attempts);
  }

  /** Counts a death of a thread that ran it alone. @returns all of them */
  crashedOnce(slot: number): number {
    return this.records.count(slot, SlotField.crashes);
  }

  read(slot: number): StoredEvent {
    return this.records.read(slot, generationOf(this.word(slot)));
  }

  /**
   * Gives up what the app holds, a dead thread held, or is ready: its slot and its memory are free.
   * @returns false where nothing stands in the slot, or somebody claimed it just now
   */
  free(slot: number): boolean {
    const { ints } = this.views;
    const at = this.views.slot(slot);
    const word = this.word(slot);
    if (stateOf(word) === FREE) return false;
    const blocks = ints[at + SlotField.blocks] as number;
    if (Atomics.compareExchange(ints, at, word, FREE | generationOf(word)) !== word) return false;
    this.blocks.give(ints[at + SlotField.firstBlock] as number, blocks);
    this.slots.give(slot);
    this.given = (this.given - 1) | 0;
    this.givenBlocks = (this.givenBlocks - blocks) | 0;
    return true;
  }

  /** Slots that a thread held when it died; from now on it is counted as what it really finished. Not while it lives. */
  heldBy(owner: number): number[] {
    const cells = this.cells(owner);
    return this.slotsWhere((word, slot) => {
      if (stateOf(word) !== CLAIMED || ownerOf(word) !== owner) return false;
      if (cells.counted(slot, generationOf(word))) cells.uncount();
      return true;
    });
  }

  /** Slots in which an event stands. */
  stored(): number[] {
    return this.slotsWhere((word) => stateOf(word) !== FREE);
  }

  /** Numbers of the events that stand in it. */
  sequences(): number[] {
    return this.stored().map((slot) => this.records.sequenceOf(slot));
  }

  /** Events that stand in it. */
  get size(): number {
    return this.lessCounted(this.given, 'done');
  }

  /** `size` of `maxQueueSize`, 0 to 1. */
  get utilization(): number {
    return this.size / this.handle.slots;
  }

  /** Blocks in use, 0 to 1. */
  get memoryUsage(): number {
    return this.usedBlocks / this.handle.blocks;
  }

  /** Entries that threads may claim, by lane. */
  readyInLanes(): [critical: number, normal: number, low: number, suspects: number] {
    const [critical, normal, low, suspects] = this.rings;
    return [critical.length, normal.length, low.length, suspects.length];
  }

  /** @param owner number of a thread, or `MAIN_OWNER` */
  cells(owner: number): ThreadCells {
    return this.ofOwners[owner] as ThreadCells;
  }

  /** The owner that runs suspects; −1: nobody. */
  get quarantine(): number {
    return Atomics.load(this.views.ints, QUARANTINE);
  }
  set quarantine(owner: number) {
    Atomics.store(this.views.ints, QUARANTINE, owner);
  }

  /**
   * The next who finishes an event is to say so. Ask first and then try {@link put} once more: what was finished in
   * between has told nobody.
   */
  wantRoom(): void {
    Atomics.store(this.views.ints, ROOM_WANTED, 1);
  }

  private get usedBlocks(): number {
    return this.lessCounted(this.givenBlocks, 'blocks');
  }

  private lessCounted(given: number, counter: 'done' | 'blocks'): number {
    let left = given;
    const owners = Atomics.load(this.views.ints, OWNERS);
    for (let owner = 0; owner < owners; owner += 1) {
      left = (left - (this.ofOwners[owner] as ThreadCells)[counter]) | 0;
    }
    return left;
  }

  private findBlocks(count: number): boolean {
    if (this.handle.blocks - this.usedBlocks < count) return false;
    while (this.blocks.free < count) if (this.slots.collect() === 0) return false;
    return true;
  }

  private store(slot: number, event: NewEvent, blocks: number, sizes: TextSizes, place: HandlerPlace): void {
    this.records.write(slot, event, this.blocks.take(blocks), blocks, sizes);
    this.given = (this.given + 1) | 0;
    this.givenBlocks = (this.givenBlocks + blocks) | 0;
    this.makeReady(slot, event.lane, place);
  }

  private makeReady(slot: number, lane: number, place: HandlerPlace): void {
    const generation = nextGeneration(this.word(slot));
    this.set(slot, READY | generation);
    if (place === 'main') this.main.push(lane, slot, generation);
    else (this.rings[lane] as Ring).push(slot, generation);
  }

  private slotsWhere(meant: (word: number, slot: number) => boolean): number[] {
    const found: number[] = [];
    for (let slot = 0; slot < this.slots.used; slot += 1) if (meant(this.word(slot), slot)) found.push(slot);
    return found;
  }

  private word(slot: number): number {
    return Atomics.load(this.views.ints, this.views.slot(slot));
  }

  private set(slot: number, word: number): void {
    Atomics.store(this.views.ints, this.views.slot(slot), word);
  }
}
