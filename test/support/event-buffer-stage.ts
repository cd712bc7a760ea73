import { EventBuffer } from '../../src/buffered-events/buffer/event-buffer.js';
import { LaneReader } from '../../src/buffered-events/buffer/lane-reader.js';
import { headOf, offsetsOf, RING_ENTRY_INTS, SLOT_INTS } from '../../src/buffered-events/buffer/layout.js';
import { claimedBy, READY } from '../../src/buffered-events/buffer/state-word.js';
import type { NewEvent, StoredEvent } from '../../src/buffered-events/buffer/buffer-words.js';

export const WEIGHTS = [3, 2, 1] as const;

/** A small buffer. */
export function bufferOf(
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

/** The side of a thread. */
export function thread(buffer: EventBuffer, owner = 1): LaneReader {
  buffer.cells(owner).reset();
  return new LaneReader(buffer.handle, owner, WEIGHTS);
}

let sequence = 0;

/** An event, each with the next number. */
export function event(fields: Partial<NewEvent> = {}): NewEvent {
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
export function drain(reader: LaneReader): StoredEvent[] {
  const events: StoredEvent[] = [];
  for (let event = reader.next(); event !== null; event = reader.next()) events.push(event);
  return events;
}

/** The claim of one who is killed when the slot is won and the head has not moved. */
export function claimWithoutHead(buffer: EventBuffer, owner: number, lane = 1): void {
  const ints = new Int32Array(buffer.handle.memory);
  const { rings, slots } = offsetsOf(buffer.handle);
  const { ringSize } = buffer.handle;
  const entry =
    rings + (lane * ringSize + ((ints[headOf(lane)] as number) & (ringSize - 1))) * RING_ENTRY_INTS;
  const [slot, generation] = [ints[entry] as number, ints[entry + 1] as number];
  expect(ints[slots + slot * SLOT_INTS]).toBe(READY | generation);
  ints[slots + slot * SLOT_INTS] = claimedBy(owner, generation);
}
