import { InvalidConfigurationError } from '../../kernel/errors.js';
import { bufferOf, drain, event, thread } from '../../../test/support/event-buffer-stage.js';
import type { StoredEvent } from './buffer-words.js';
import type { EventBuffer } from './event-buffer.js';

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

  it('names what stands in it by its number, whoever has it, until it is done', () => {
    const buffer = bufferOf();
    for (const sequence of [2 ** 52, 7, 8]) buffer.put(event({ sequence }), 'threads');
    buffer.put(event({ sequence: 9 }), 'main');
    const reader = thread(buffer);
    const [first, second] = [reader.next(), reader.next()];
    reader.done(first!);
    expect(second).toMatchObject({ sequence: 7 });
    expect(new Set(buffer.sequences())).toEqual(new Set([7, 8, 9]));
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
    [{ maxQueueSize: 10, maxMemoryMB: 0.05 }, /Give at least 1 MB,/],
    [
      { maxQueueSize: 10, maxMemoryMB: 1, maxEventSize: 2_000_000 },
      /one event of maxEventSize 2000000 bytes/,
    ],
  ])('refuses memory that is too small, with the sum: %o', (limits, message) => {
    expect(() => bufferOf(limits)).toThrow(InvalidConfigurationError);
    expect(() => bufferOf(limits)).toThrow(message);
  });

  it('starts only with memory for one event of maxEventSize and the longest correlation id', () => {
    const maxEventSize = 100_000;
    const started = (maxMemoryMB: number): EventBuffer | null => {
      try {
        return bufferOf({ maxQueueSize: 10, maxMemoryMB, maxEventSize });
      } catch {
        return null;
      }
    };
    let buffer: EventBuffer | null = null;
    for (let kilobytes = 50; buffer === null; kilobytes += 0.5) buffer = started(kilobytes / 1_024);
    const json = `"${'x'.repeat(maxEventSize - 2)}"`;
    const largest = event({ json, bytes: maxEventSize, correlationId: '漢'.repeat(255) });
    expect(buffer.put(largest, 'threads')).toBeNull();
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
