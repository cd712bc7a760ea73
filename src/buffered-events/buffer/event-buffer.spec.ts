import { InvalidConfigurationError } from '../../kernel/errors.js';
import { EventBuffer } from './event-buffer.js';
import { LaneReader } from './lane-reader.js';
import { headOf, offsetsOf, RING_ENTRY_INTS, SLOT_INTS, tailOf } from './layout.js';
import { claimedBy, GENERATION_MASK, READY } from './state-word.js';
import { MAIN_OWNER } from './buffer-words.js';
import type { NewEvent, StoredEvent } from './buffer-words.js';

const WEIGHTS = [3, 2, 1] as const;

function bufferOf(
  limits: Partial<{ maxQueueSize: number; maxMemoryMB: number; maxEventSize: number }> = {},
): EventBuffer {
  return EventBuffer.create({
    maxQueueSize: 100,
    maxMemoryMB: 1,
    maxEventSize: 5_120,
    ...limits,
    weights: WEIGHTS,
  });
}

function thread(buffer: EventBuffer, owner = 1): LaneReader {
  buffer.cells(owner).reset();
  return new LaneReader(buffer.handle, owner, WEIGHTS);
}

let sequence = 0;

function event(fields: Partial<NewEvent> = {}): NewEvent {
  const json = fields.json ?? '{"n":1}';
  sequence += 1;
  return {
    type: 0,
    lane: 1,
    sequence,
    emittedAt: 1_700_000_000_000.125,
    bytes: Buffer.byteLength(json),
    ...fields,
    json,
  };
}

/** Claims until nothing is ready. */
function drain(reader: LaneReader): StoredEvent[] {
  const events: StoredEvent[] = [];
  for (let event = reader.next(); event !== null; event = reader.next()) events.push(event);
  return events;
}

/** The claim of one who is killed when the slot is won and the head has not moved. */
function claimWithoutHead(buffer: EventBuffer, owner: number, lane = 1): void {
  const ints = new Int32Array(buffer.handle.memory);
  const { rings, slots } = offsetsOf(buffer.handle);
  const { ringSize } = buffer.handle;
  const entry =
    rings + (lane * ringSize + ((ints[headOf(lane)] as number) & (ringSize - 1))) * RING_ENTRY_INTS;
  const [slot, generation] = [ints[entry] as number, ints[entry + 1] as number];
  expect(ints[slots + slot * SLOT_INTS]).toBe(READY | generation);
  ints[slots + slot * SLOT_INTS] = claimedBy(owner, generation);
}

describe('the buffer of events', () => {
  it('gives a thread what was stored', () => {
    const buffer = bufferOf();
    const texts = { correlationId: 'bestellung-ü', carried: '{"tenant":"ß"}' };
    const stored = event({ type: 7, lane: 0, sequence: 2 ** 52, ...texts });
    expect(buffer.put(stored, 'threads')).toBeNull();
    expect(buffer.size).toBe(1);
    const claimed = thread(buffer).next();
    expect(claimed).toEqual({ ...stored, slot: expect.any(Number), generation: 1, attempts: 0, crashes: 0 });
  });

  it.each([0, 1, 511, 512, 513, 1_024, 1_025, 5_120])('keeps a payload of %i bytes', (bytes) => {
    const buffer = bufferOf();
    const json = 'x'.repeat(bytes);
    buffer.put(event({ json }), 'threads');
    expect(thread(buffer).next()?.json).toBe(json);
    expect(Math.round(buffer.memoryUsage * buffer.handle.blocks)).toBe(Math.max(1, Math.ceil(bytes / 512)));
  });

  it.each([
    ['in one block', 'ü€😀'],
    ['over blocks that end in the middle of a character', '€'.repeat(1_700)],
    ['as large as allowed', 'ü'.repeat(2_560)],
    ['in blocks that were used before, in any order', '€'.repeat(1_000)],
  ])('keeps letters beyond ASCII %s', (_, json) => {
    const buffer = bufferOf();
    const reader = thread(buffer);
    const texts = { correlationId: '€', carried: '"😀"' };
    for (let round = 0; round < 30; round += 1) {
      for (const bytes of [1, 600, 5_000, 1]) buffer.put(event({ json: 'x'.repeat(bytes) }), 'threads');
      buffer.put(event({ json, ...texts }), 'threads');
      const events = drain(reader);
      expect(events.at(-1)).toMatchObject({ json, bytes: Buffer.byteLength(json), ...texts });
      for (const one of events.reverse()) reader.done(one);
    }
    expect(buffer.memoryUsage).toBe(0);
  });

  it('writes half a character as the mark of an unknown one', () => {
    const buffer = bufferOf();
    buffer.put(event({ json: '"\ud83d"', correlationId: '\udc00x' }), 'threads');
    expect(thread(buffer).next()).toMatchObject({ json: '"\ufffd"', correlationId: '\ufffdx' });
  });

  it('takes the 50 000 events of a configuration with 50 MB, a tenth of them critical, and says when it is full', () => {
    const buffer = bufferOf({ maxQueueSize: 50_000, maxMemoryMB: 50 });
    expect(buffer.handle.memory.byteLength).toBeLessThanOrEqual(50 * 2 ** 20);
    for (let n = 0; n < 45_000; n += 1) buffer.put(event(), 'threads');
    expect(buffer.size).toBe(45_000);
    expect(buffer.put(event(), 'threads')).toBe('events');
    expect(buffer.put(event({ lane: 2 }), 'main')).toBe('events');
    for (let n = 0; n < 5_000; n += 1) buffer.put(event({ lane: 0 }), 'threads');
    expect(buffer.put(event({ lane: 0 }), 'threads')).toBe('events');
    expect(buffer.utilization).toBe(1);
    expect(buffer.memoryUsage).toBeLessThan(1);
    expect(buffer.readyInLanes()).toEqual([5_000, 45_000, 0, 0]);
    expect(drain(thread(buffer))).toHaveLength(50_000);
  });

  it('finds room again wherever events were handled, at any size', () => {
    const buffer = bufferOf({ maxQueueSize: 1_000, maxMemoryMB: 0.3 });
    const reader = thread(buffer);
    for (let round = 0; round < 100; round += 1) {
      let full = null;
      for (let n = 0; full === null; n += 1)
        full = buffer.put(event({ json: 'x'.repeat((n * 97) % 3_000) }), 'threads');
      expect(full).toBe('memory');
      const held = drain(reader);
      expect(held.length).toBeGreaterThan(30);
      for (const one of held) reader.done(one);
      expect(buffer.size).toBe(0);
    }
  });

  it.each([1, 2, 9, 10, 256, 257, 600])('holds %i events, again and again', (maxQueueSize) => {
    const buffer = bufferOf({ maxQueueSize, maxMemoryMB: 2 });
    const reader = thread(buffer);
    for (let round = 0; round < 2; round += 1) {
      for (let n = 0; n < maxQueueSize; n += 1) expect(buffer.put(event({ lane: 0 }), 'threads')).toBeNull();
      expect(buffer.put(event({ lane: 0 }), 'threads')).toBe('events');
      const held = drain(reader);
      expect(held).toHaveLength(maxQueueSize);
      // One at a time finds room for one at a time.
      for (const one of held) {
        reader.done(one);
        expect(buffer.put(event({ lane: 0 }), 'threads')).toBeNull();
        expect(buffer.put(event({ lane: 0 }), 'threads')).toBe('events');
      }
      for (const one of drain(reader)) reader.done(one);
    }
  });

  it.each([
    [
      { maxQueueSize: 50_000, maxMemoryMB: 5 },
      /maxMemoryMB: 5 MB are too few: \d+ bytes control 50000 events .* = \d+ bytes/,
    ],
    [{ maxQueueSize: 10, maxMemoryMB: 0.05 }, /Give at least 0\.\d+ MB/],
    [
      { maxQueueSize: 10, maxMemoryMB: 1, maxEventSize: 2_000_000 },
      /one event of maxEventSize 2000000 bytes/,
    ],
  ])('refuses memory that is too small, with the sum: %o', (limits, message) => {
    expect(() => bufferOf(limits)).toThrow(InvalidConfigurationError);
    expect(() => bufferOf(limits)).toThrow(message);
  });

  it('starts with the memory that the refusal asks for', () => {
    const refusal = (): unknown => {
      try {
        return bufferOf({ maxQueueSize: 3_000, maxMemoryMB: 0.1 });
      } catch (error) {
        return error;
      }
    };
    const asked = /Give at least ([\d.]+) MB/.exec((refusal() as Error).message)?.[1];
    expect(
      bufferOf({ maxQueueSize: 3_000, maxMemoryMB: Number(asked) }).handle.blocks,
    ).toBeGreaterThanOrEqual(64);
  });
});

describe('lanes', () => {
  it('give each its share while all are full: 3 : 2 : 1', () => {
    const buffer = bufferOf();
    for (const lane of [0, 1, 2]) for (let n = 0; n < 12; n += 1) buffer.put(event({ lane }), 'threads');
    const reader = thread(buffer);
    const order = Array.from({ length: 12 }, () => 'cnl'[reader.next()?.lane as number]).join('');
    expect(order).toBe('cnclnc'.repeat(2));
  });

  it("give an empty lane's turn to the next, and first in first out within each", () => {
    const buffer = bufferOf();
    const reader = thread(buffer);
    const low = [1, 2, 3, 4].map((n) => event({ lane: 2, sequence: n }));
    for (const one of low) buffer.put(one, 'threads');
    expect(drain(reader).map((one) => one.sequence)).toEqual([1, 2, 3, 4]);
  });

  it.each(['threads', 'main'] as const)('have the same turns for handlers in %s', (place) => {
    const buffer = bufferOf();
    for (const lane of [0, 1, 2]) for (let n = 0; n < 12; n += 1) buffer.put(event({ lane }), place);
    const lanes = place === 'main' ? buffer.main : thread(buffer);
    const order = Array.from({ length: 18 }, () => lanes.next()?.lane);
    expect([0, 1, 2].map((lane) => order.filter((one) => one === lane).length)).toEqual([9, 6, 3]);
  });

  it('of the app are seen by no thread, and the other way round', () => {
    const buffer = bufferOf();
    buffer.put(event({ sequence: 1 }), 'main');
    buffer.put(event({ sequence: 2 }), 'threads');
    expect(buffer.readyForThreads()).toBe(1);
    expect(buffer.main.next()?.sequence).toBe(1);
    expect(buffer.main.hasReady()).toBe(false);
    expect(drain(thread(buffer)).map((one) => one.sequence)).toEqual([2]);
  });

  it("can be read by the app as well, when it does the threads' work", () => {
    const buffer = bufferOf();
    const reader = new LaneReader(buffer.handle, MAIN_OWNER, WEIGHTS);
    buffer.put(event(), 'threads');
    const held = reader.next() as StoredEvent;
    expect(reader.hasReady()).toBe(false);
    expect(buffer.hold(held)).toBe(true);
    buffer.ready(held.slot, 'own', 'threads');
    reader.done(reader.next() as StoredEvent);
    expect(buffer.size).toBe(0);
  });
});

describe('a claim', () => {
  it('is won before the head moves: who is killed in between leaves the event to be given out again', () => {
    const buffer = bufferOf();
    buffer.put(event({ sequence: 1 }), 'threads');
    buffer.put(event({ sequence: 2 }), 'threads');
    claimWithoutHead(buffer, 1);
    const other = thread(buffer, 2);
    expect(drain(other).map((one) => one.sequence)).toEqual([2]);
    expect(buffer.heldBy(1).map((slot) => buffer.read(slot).sequence)).toEqual([1]);
  });

  it('steps over an old entry whose slot holds another event by now', () => {
    const buffer = bufferOf();
    const [first, second] = [thread(buffer, 1), thread(buffer, 2)];
    buffer.put(event({ sequence: 1 }), 'threads');
    claimWithoutHead(buffer, 1);
    first.done(buffer.read(buffer.heldBy(1)[0] as number));
    // The same slot, in another lane: its old entry stands at the head of the first one.
    for (let n = 2; n < 400; n += 1) {
      buffer.put(event({ sequence: n, lane: 2 }), 'threads');
      const held = drain(second);
      expect(held.map((one) => one.sequence)).toEqual([n]);
      second.done(held[0] as StoredEvent);
    }
  });

  it('is counted as done only if the slot was free when its thread died', () => {
    const buffer = bufferOf();
    const [reader, other] = [thread(buffer), thread(buffer, 2)];
    for (let n = 0; n < 3; n += 1) buffer.put(event({ json: 'x'.repeat(600) }), 'threads');
    const [done, counted] = drain(reader);
    reader.done(done as StoredEvent);
    buffer.cells(1).count(counted?.slot as number, counted?.generation as number, 2);
    expect(buffer.heldBy(1)).toHaveLength(2);
    expect(buffer.size).toBe(2);
    expect(buffer.cells(1).done).toBe(1);
    expect(Math.round(buffer.memoryUsage * buffer.handle.blocks)).toBe(4);
    for (const slot of buffer.heldBy(1)) buffer.ready(slot, 'own', 'threads');
    for (const one of drain(other)) other.done(one);
    expect([buffer.size, buffer.memoryUsage]).toEqual([0, 0]);
  });
});

describe('a slot that was given out again', () => {
  it('is left alone by the late word of its former owner', () => {
    const buffer = bufferOf();
    const [dead, heir] = [thread(buffer, 1), thread(buffer, 2)];
    buffer.put(event(), 'threads');
    const old = dead.next() as StoredEvent;
    for (const slot of buffer.heldBy(1)) buffer.ready(slot, 'own', 'threads');
    const held = heir.next() as StoredEvent;
    expect(held.slot).toBe(old.slot);
    expect(buffer.hold(old)).toBe(false);
    expect(dead.done(old)).toBe(false);
    expect(buffer.size).toBe(1);
    expect(buffer.hold(held)).toBe(true);
  });

  it('keeps its generations apart where they wrap', () => {
    const buffer = bufferOf({ maxQueueSize: 1 });
    const ints = new Int32Array(buffer.handle.memory);
    ints[offsetsOf(buffer.handle).slots] = GENERATION_MASK - 1;
    const reader = thread(buffer);
    const generations = [1, 2, 3, 4].map(() => {
      expect(buffer.put(event({ lane: 0 }), 'threads')).toBeNull();
      const held = reader.next() as StoredEvent;
      reader.done(held);
      expect(buffer.size).toBe(0);
      return held.generation;
    });
    expect(generations).toEqual([GENERATION_MASK, 0, 1, 2]);
  });

  it('keeps lanes first in first out where their counters wrap', () => {
    const buffer = bufferOf({ maxQueueSize: 50 });
    const ints = new Int32Array(buffer.handle.memory);
    ints[headOf(1)] = ints[tailOf(1)] = 2 ** 31 - 3;
    const reader = thread(buffer);
    for (let n = 0; n < 1_000; n += 3) {
      for (const sequence of [n, n + 1, n + 2]) buffer.put(event({ sequence }), 'threads');
      expect(buffer.readyInLanes()).toEqual([0, 3, 0, 0]);
      const held = drain(reader);
      expect(held.map((one) => one.sequence)).toEqual([n, n + 1, n + 2]);
      for (const one of held) reader.done(one);
    }
  });
});

describe('suspects', () => {
  it('are claimed by the one owner that runs them, with what was counted of them', () => {
    const buffer = bufferOf();
    const [dead, first, second] = [1, 2, 3].map((owner) => thread(buffer, owner)) as [
      LaneReader,
      LaneReader,
      LaneReader,
    ];
    buffer.put(event(), 'threads');
    const { slot } = dead.next() as StoredEvent;
    expect([buffer.failedOnce(slot), buffer.crashedOnce(slot), buffer.crashedOnce(slot)]).toEqual([1, 1, 2]);
    buffer.ready(slot, 'suspects', 'threads');
    expect(buffer.readyInLanes()).toEqual([0, 0, 0, 1]);
    expect([first.hasSuspects(), first.nextSuspect(), first.next()]).toEqual([false, null, null]);
    buffer.quarantine = 3;
    expect([first.hasSuspects(), second.hasSuspects()]).toEqual([false, true]);
    expect(second.nextSuspect()).toMatchObject({ slot, attempts: 1, crashes: 2, lane: 1 });
  });
});

describe('room', () => {
  it('is told of once, by whoever finishes an event first after it was wanted', () => {
    const buffer = bufferOf();
    const [first, second] = [thread(buffer, 1), thread(buffer, 2)];
    for (let n = 0; n < 4; n += 1) buffer.put(event(), 'threads');
    const held = [first, second, first, second].map((reader) => ({
      reader,
      event: reader.next() as StoredEvent,
    }));
    const told = held.map(({ reader, event: one }, n) => {
      if (n === 1) buffer.wantRoom();
      return reader.done(one);
    });
    expect(told).toEqual([false, true, false, false]);
  });
});

describe('cells of a thread', () => {
  it('count times by their power of two in microseconds', () => {
    const cells = bufferOf().cells(1);
    for (const ms of [-1, 0, 0.0005, 0.001, 0.0015, 0.002, 1, 4_194, 4_195, 1e9]) cells.started(ms);
    const counts = [...cells.latency].flatMap((count, bucket) => (count === 0 ? [] : [[bucket, count]]));
    expect(counts).toEqual([
      [0, 3],
      [1, 2],
      [2, 1],
      [10, 1],
      [22, 1],
      [23, 2],
    ]);
    cells.ended(1.5);
    cells.ended(0.25);
    expect([cells.processingUs, [...cells.processing].reduce((sum, count) => sum + count)]).toEqual([
      1_750, 2,
    ]);
  });

  it('let one of both wake the thread: who rings, or itself', () => {
    const cells = bufferOf().cells(1);
    expect(cells.wake()).toBe(false);
    cells.sleep();
    expect([cells.sleeping, cells.wake(), cells.wake(), cells.sleeping]).toEqual([true, true, false, false]);
  });

  it('forget what a dead thread said of itself, and go on counting', () => {
    const cells = bufferOf().cells(1);
    cells.sleep();
    cells.alone = 0;
    cells.running = 3;
    cells.draining = true;
    cells.failed += 2;
    cells.beat();
    expect([cells.alone, cells.draining, cells.beats]).toEqual([0, true, 1]);
    cells.reset();
    expect([cells.alone, cells.running, cells.draining, cells.sleeping, cells.failed]).toEqual([
      -1,
      0,
      false,
      false,
      2,
    ]);
  });
});
