import { EventBuffer } from './event-buffer.js';
import { LaneReader } from './lane-reader.js';
import type { NewEvent } from './buffer-words.js';

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

describe('the buffer of events', () => {
  it('gives a thread what was stored', () => {
    const buffer = bufferOf();
    const stored = event({
      type: 7,
      lane: 0,
      correlationId: 'bestellung-ü',
      carried: '{"tenant":"ß"}',
      sequence: 2 ** 52,
    });
    expect(buffer.put(stored, 'threads')).toBeNull();
    expect(buffer.size).toBe(1);
    const claimed = thread(buffer).next();
    expect(claimed).toEqual({ ...stored, slot: 0, generation: 1, attempts: 0, crashes: 0 });
  });

  it.each([0, 1, 511, 512, 513, 1_024, 1_025, 5_120])('keeps a payload of %i bytes', (bytes) => {
    const buffer = bufferOf();
    const json = 'x'.repeat(bytes);
    buffer.put(event({ json }), 'threads');
    expect(thread(buffer).next()?.json).toBe(json);
    expect(Math.round(buffer.memoryUsage * buffer.handle.blocks)).toBe(Math.max(1, Math.ceil(bytes / 512)));
  });
});
