import * as fc from 'fast-check';
import type { NewEvent, StoredEvent } from '../../src/buffered-events/buffer/buffer-words.js';
import type { EventBuffer } from '../../src/buffered-events/buffer/event-buffer.js';
import { LaneReader } from '../../src/buffered-events/buffer/lane-reader.js';
import {
  BLOCK_BYTES,
  headOf,
  offsetsOf,
  RING_ENTRY_INTS,
  SLOT_INTS,
  tailOf,
} from '../../src/buffered-events/buffer/layout.js';
import { claimedBy, READY } from '../../src/buffered-events/buffer/state-word.js';

export const WEIGHTS = [3, 2, 1] as const;
const OWNERS = [1, 2, 3] as const;
/** Bytes of the largest event. */
export const LARGEST = 5_120;

type Step =
  | { readonly kind: 'put'; readonly lane: number; readonly json: string; readonly main: boolean }
  | { readonly kind: 'claim' | 'claim-suspect' | 'claim-main'; readonly owner: number }
  | { readonly kind: 'claim-and-die' | 'die' | 'count-and-die'; readonly owner: number }
  | { readonly kind: 'done' | 'late-done' | 'fail' | 'late-fail' | 'retry' | 'bury'; readonly nth: number };

/** One event as it should be. */
interface Expected {
  readonly event: NewEvent;
  readonly main: boolean;
  readonly blocks: number;
  attempts: number;
  crashes: number;
  /** Where its claims are from: no longer its own when it was given out anew. */
  held: { readonly by: number; readonly claim: StoredEvent } | null;
}

const text = fc.oneof(
  fc.constantFrom(0, 1, 511, 512, 513, 1_024, 1_025, LARGEST).map((bytes) => 'x'.repeat(bytes)),
  fc.constantFrom(1, 170, 171, 512, 1_706).map((letters) => '€'.repeat(letters)),
  fc.constantFrom(1, 255, 256, 257, 2_560).map((letters) => 'ü'.repeat(letters)),
  fc.constantFrom(
    '"😀"',
    '\ud83d',
    '\udc00x\ud83d',
    JSON.stringify('\ud83d'),
    '\u0000\u007f\u0080',
    '\ufeff{}',
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

/** Whatever app and threads may do next. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      lane: fc.nat(2),
      json: text,
      main: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('claim', 'claim', 'claim', 'claim-suspect', 'claim-main'),
      owner: fc.constantFrom(...OWNERS),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('claim-and-die', 'die', 'count-and-die'),
      owner: fc.constantFrom(...OWNERS),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('done', 'done', 'done', 'late-done', 'fail', 'late-fail', 'retry', 'bury'),
      nth: fc.nat(50),
    }),
  },
);

/** The buffer beside lists of what should stand in it. */
export class ModelRun {
  private readonly ints: Int32Array;
  private readonly readers: LaneReader[];
  private readonly lanes: Expected[][] = [[], [], []];
  private readonly mainLanes: Expected[][] = [[], [], []];
  private suspects: Expected[] = [];
  private waiting: { readonly slot: number; readonly expected: Expected }[] = [];
  private running: Expected[] = [];
  private readonly late: StoredEvent[] = [];
  private sequence = 0;

  constructor(
    private readonly buffer: EventBuffer,
    private readonly maxQueueSize: number,
  ) {
    this.ints = new Int32Array(buffer.handle.memory);
    this.readers = [0, ...OWNERS].map((owner) => new LaneReader(buffer.handle, owner, WEIGHTS));
    for (const owner of OWNERS) buffer.cells(owner).reset();
    buffer.quarantine = OWNERS[0];
  }

  take(step: Step): void {
    switch (step.kind) {
      case 'put':
        this.put(step);
        break;
      case 'claim':
        this.claimed(this.lanes, (this.readers[step.owner] as LaneReader).next(), step.owner);
        break;
      case 'claim-main':
        this.claimed(this.mainLanes, this.buffer.main.next(), 0);
        break;
      case 'claim-suspect':
        this.claimSuspect(step.owner);
        break;
      case 'claim-and-die':
        this.claimAndDie(step.owner);
        break;
      case 'count-and-die':
        this.countAndDie(step.owner);
        break;
      case 'die':
        this.died(step.owner);
        break;
      default:
        this.end(step.kind, step.nth);
    }
    this.compare();
  }

  private put({ lane, json, main }: Extract<Step, { kind: 'put' }>): void {
    this.sequence += 1;
    const extra = this.sequence % 3 === 0 ? { correlationId: `ä${this.sequence}`, carried: '["€"]' } : {};
    const event: NewEvent = {
      ...{ type: this.sequence % 5, lane, sequence: this.sequence, emittedAt: this.sequence + 0.25 },
      ...{ json, bytes: Buffer.byteLength(json), ...extra },
    };
    const all =
      event.bytes +
      (event.correlationId === undefined ? 0 : Buffer.byteLength(event.correlationId + '["€"]'));
    const blocks = Math.max(1, Math.ceil(all / BLOCK_BYTES));
    const allowed = lane === 0 ? this.maxQueueSize : this.maxQueueSize - Math.floor(this.maxQueueSize / 10);
    const used = this.everything().reduce((sum, one) => sum + one.blocks, 0);
    const full =
      this.everything().length >= allowed
        ? 'events'
        : used + blocks > this.buffer.handle.blocks
          ? 'memory'
          : null;
    expect(this.buffer.put(event, main ? 'main' : 'threads')).toBe(full);
    if (full !== null) return;
    const expected = { event, main, blocks, attempts: 0, crashes: 0, held: null };
    ((main ? this.mainLanes : this.lanes)[lane] as Expected[]).push(expected);
  }

  private claimed(lanes: Expected[][], event: StoredEvent | null, by: number): void {
    if (event === null) {
      expect(lanes.flat()).toHaveLength(0);
      return;
    }
    this.hold((lanes[event.lane] as Expected[]).shift() as Expected, event, by);
  }

  private claimSuspect(owner: number): void {
    const event = (this.readers[owner] as LaneReader).nextSuspect();
    if (owner !== OWNERS[0] || this.suspects.length === 0) expect(event).toBeNull();
    else this.hold(this.suspects.shift() as Expected, event as StoredEvent, owner);
  }

  private hold(expected: Expected, claim: StoredEvent, by: number): void {
    const json = Buffer.from(expected.event.json).toString();
    const { attempts, crashes } = expected;
    expect({ ...claim, slot: 0, generation: 0 }).toEqual({
      ...{ carried: undefined, correlationId: undefined, ...expected.event },
      ...{ json, attempts, crashes, slot: 0, generation: 0 },
    });
    expected.held = { by, claim };
    this.running.push(expected);
  }

  /** Dies when the slot is won and the head has not moved. */
  private claimAndDie(owner: number): void {
    const lane = this.lanes.findIndex((events) => events.length > 0);
    if (lane < 0) return;
    const { at, slot, generation } = this.firstLive(lane);
    expect(Atomics.compareExchange(this.ints, at, READY | generation, claimedBy(owner, generation))).toBe(
      READY | generation,
    );
    const expected = (this.lanes[lane] as Expected[]).shift() as Expected;
    this.hold(expected, { ...this.buffer.read(slot) }, owner);
    this.died(owner);
  }

  private firstLive(lane: number): { at: number; slot: number; generation: number } {
    const at = offsetsOf(this.buffer.handle);
    const { ringSize } = this.buffer.handle;
    for (let head = this.ints[headOf(lane)] as number; ; head = (head + 1) | 0) {
      if (head === this.ints[tailOf(lane)]) throw new Error('The lane should not be empty.');
      const entry = at.rings + (lane * ringSize + (head & (ringSize - 1))) * RING_ENTRY_INTS;
      const [slot, generation] = [this.ints[entry] as number, this.ints[entry + 1] as number];
      const word = at.slots + slot * SLOT_INTS;
      if (this.ints[word] === (READY | generation)) return { at: word, slot, generation };
    }
  }

  /** Dies when what it handled is counted, and not free yet. */
  private countAndDie(owner: number): void {
    const mine = this.running.find(({ held }) => held?.by === owner);
    if (mine !== undefined && mine.held !== null) {
      const { slot, generation } = mine.held.claim;
      this.buffer.cells(owner).count(slot, generation, mine.blocks);
    }
    this.died(owner);
  }

  private died(owner: number): void {
    const theirs = this.running.filter(({ held }) => held?.by === owner);
    const slots = this.buffer.heldBy(owner);
    expect(sorted(slots)).toEqual(sorted(theirs.map(({ held }) => held?.claim.slot as number)));
    this.running = this.running.filter((expected) => !theirs.includes(expected));
    for (const slot of slots) {
      const expected = theirs.find(({ held }) => held?.claim.slot === slot) as Expected;
      expected.crashes = this.buffer.crashedOnce(slot);
      this.late.push((expected.held as { claim: StoredEvent }).claim);
      expected.held = null;
      expect(this.buffer.ready(slot, 'suspects', 'threads')).toBe(true);
      this.suspects.push(expected);
    }
    this.buffer.cells(owner).reset();
  }

  private end(kind: 'done' | 'late-done' | 'fail' | 'late-fail' | 'retry' | 'bury', nth: number): void {
    if (kind === 'late-done' || kind === 'late-fail') this.tooLate(kind, nth);
    else if (kind === 'done' || kind === 'fail') this.settle(kind, nth);
    else this.decide(kind, nth);
  }

  /** What was given on since is none of a late one's business. */
  private tooLate(kind: 'late-done' | 'late-fail', nth: number): void {
    const claim = this.late[nth % this.late.length];
    if (claim === undefined) return;
    if (kind === 'late-fail') expect(this.buffer.hold(claim)).toBe(false);
    else for (const reader of this.readers) expect(reader.done(claim)).toBe(false);
  }

  private settle(kind: 'done' | 'fail', nth: number): void {
    const expected = this.running[nth % this.running.length];
    if (expected === undefined || expected.held === null) return;
    this.running = this.running.filter((other) => other !== expected);
    const { by, claim } = expected.held;
    this.late.push(claim);
    expected.held = null;
    if (kind === 'done') {
      (this.readers[by] as LaneReader).done(claim);
      return;
    }
    expect(this.buffer.hold(claim)).toBe(true);
    expect(this.buffer.hold(claim)).toBe(false);
    expected.attempts = this.buffer.failedOnce(claim.slot);
    this.waiting.push({ slot: claim.slot, expected });
  }

  private decide(kind: 'retry' | 'bury', nth: number): void {
    const chosen = this.waiting[nth % this.waiting.length];
    if (chosen === undefined) return;
    this.waiting = this.waiting.filter((other) => other !== chosen);
    const { slot, expected } = chosen;
    if (kind === 'bury') {
      expect(this.buffer.free(slot)).toBe(true);
      expect(this.buffer.free(slot)).toBe(false);
      return;
    }
    expect(this.buffer.ready(slot, 'own', expected.main ? 'main' : 'threads')).toBe(true);
    expect(this.buffer.ready(slot, 'own', 'threads')).toBe(false);
    ((expected.main ? this.mainLanes : this.lanes)[expected.event.lane] as Expected[]).push(expected);
  }

  private everything(): Expected[] {
    const waiting = this.waiting.map(({ expected }) => expected);
    return [...this.lanes.flat(), ...this.mainLanes.flat(), ...this.suspects, ...waiting, ...this.running];
  }

  private compare(): void {
    const all = this.everything();
    const blocks = all.reduce((sum, one) => sum + one.blocks, 0);
    const usedBlocks = Math.round(this.buffer.memoryUsage * this.buffer.handle.blocks);
    // `expect` would be most of what this test takes.
    if (this.buffer.size !== all.length || usedBlocks !== blocks) {
      throw new Error(
        `${this.buffer.size} events in ${usedBlocks} blocks, and not ${all.length} in ${blocks}.`,
      );
    }
  }

  /** Every event still there is given out, once. */
  finish(): void {
    for (const { slot, expected } of this.waiting.splice(0)) {
      this.buffer.ready(slot, 'own', 'threads');
      (this.lanes[expected.event.lane] as Expected[]).push(expected);
    }
    for (const owner of OWNERS) this.died(owner);
    expect(sorted(this.buffer.stored())).toHaveLength(this.everything().length);
    while (this.suspects.length > 0) this.take({ kind: 'claim-suspect', owner: OWNERS[0] });
    while (this.lanes.flat().length > 0) this.take({ kind: 'claim', owner: 2 });
    while (this.mainLanes.flat().length > 0) this.take({ kind: 'claim-main', owner: 0 });
    while (this.running.length > 0) this.take({ kind: 'done', nth: 0 });
    expect(this.buffer.stored()).toEqual([]);
    expect(this.buffer.size).toBe(0);
    expect(this.buffer.memoryUsage).toBe(0);
    for (const reader of this.readers) expect(reader.next()).toBeNull();
  }
}

function sorted(slots: number[]): number[] {
  return slots.sort((a, b) => a - b);
}
