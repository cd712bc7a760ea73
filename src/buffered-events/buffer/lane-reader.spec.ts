import {
  bufferOf,
  claimWithoutHead,
  drain,
  event,
  thread,
  WEIGHTS,
} from '../../../test/support/event-buffer-stage.js';
import { LaneReader } from './lane-reader.js';
import { headOf, offsetsOf, tailOf } from './layout.js';
import { GENERATION_MASK } from './state-word.js';
import { MAIN_OWNER } from './buffer-words.js';
import type { StoredEvent } from './buffer-words.js';

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
    expect(buffer.readyInLanes()).toEqual([0, 1, 0, 0]);
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
