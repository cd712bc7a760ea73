import { ManualClock } from '../../kernel/time/manual-clock.js';
import { EventBuffer } from '../buffer/event-buffer.js';
import { LaneReader } from '../buffer/lane-reader.js';
import type { NewEvent, StoredEvent } from '../buffer/buffer-words.js';
import type { ErrorRecord, HandlerPlace } from '../events/event-words.js';
import { Settlement } from './settlement.js';
import type { SettlementParts } from './settlement.js';

const ERROR: ErrorRecord = { name: 'Error', message: 'no' };
const WEIGHTS = [3, 2, 1] as const;

class Stage {
  readonly clock = new ManualClock();
  readonly buffer = EventBuffer.create({
    maxQueueSize: 1_000,
    maxMemoryMB: 4,
    maxEventSize: 5_120,
    weights: [...WEIGHTS],
  });
  readonly dead: { event: StoredEvent; error: ErrorRecord }[] = [];
  readonly readyAt: HandlerPlace[] = [];
  freed = 0;
  place: HandlerPlace = 'threads';
  random = 0;
  readonly settlement: Settlement;
  private readonly readers = new Map<number, LaneReader>();

  constructor(parts: Partial<SettlementParts> = {}) {
    this.settlement = new Settlement({
      events: this.buffer,
      clock: this.clock,
      retryAttempts: 3,
      retryDelays: [1_000, 2_000],
      maxCrashes: 3,
      placeOf: () => this.place,
      bury: (event, error) => void this.dead.push({ event, error }),
      isReady: (place) => void this.readyAt.push(place),
      freed: () => void (this.freed += 1),
      random: () => this.random,
      ...parts,
    });
  }

  put(count = 1, lane = 1): void {
    for (let sequence = 0; sequence < count; sequence += 1) {
      const event: NewEvent = { type: 0, lane, sequence, emittedAt: 0, json: '{}', bytes: 2 };
      expect(this.buffer.put(event, this.place)).toBeNull();
    }
  }

  reader(owner: number): LaneReader {
    const reader = this.readers.get(owner) ?? new LaneReader(this.buffer.handle, owner, [...WEIGHTS]);
    this.readers.set(owner, reader);
    // As before a thread starts: from now on it is counted.
    this.buffer.cells(owner);
    return reader;
  }

  claim(owner = 1): StoredEvent {
    return this.reader(owner).next() as StoredEvent;
  }

  claimSuspect(owner = 1): StoredEvent {
    this.buffer.quarantine = owner;
    return this.reader(owner).nextSuspect() as StoredEvent;
  }
}

describe('a run that failed', () => {
  it('is tried again after each of the delays, the last for all further ones, and is dead after 1 + retryAttempts runs', async () => {
    const stage = new Stage();
    stage.put();
    for (const delay of [1_000, 2_000, 2_000]) {
      stage.settlement.failed(stage.claim(), ERROR);
      expect(stage.settlement.waiting).toBe(1);
      await stage.clock.advance(delay - 1);
      expect(stage.buffer.readyInLanes()).toEqual([0, 0, 0, 0]);
      expect(stage.buffer.size).toBe(1);
      await stage.clock.advance(1);
      expect(stage.buffer.readyInLanes()).toEqual([0, 1, 0, 0]);
    }
    stage.settlement.failed(stage.claim(), ERROR);
    expect(stage.dead).toEqual([
      { event: expect.objectContaining({ attempts: 4, crashes: 0 }), error: ERROR },
    ]);
    expect(stage.buffer.size).toBe(0);
    expect(stage.freed).toBe(1);
    expect(stage.settlement.retries).toBe(3);
    expect(stage.clock.pendingTimers).toBe(0);
  });

  it('waits at most a tenth longer than configured', async () => {
    const stage = new Stage();
    stage.random = 0.999_999;
    stage.put();
    stage.settlement.failed(stage.claim(), ERROR);
    await stage.clock.advance(1_099);
    expect(stage.settlement.waiting).toBe(1);
    await stage.clock.advance(1);
    expect(stage.settlement.waiting).toBe(0);
  });

  it('goes to its own lane, where its type is handled by now', async () => {
    const stage = new Stage();
    stage.put(1, 2);
    stage.settlement.failed(stage.claim(), ERROR);
    stage.place = 'main';
    await stage.clock.advance(1_000);
    expect(stage.buffer.readyInLanes()).toEqual([0, 0, 0, 0]);
    expect(stage.buffer.main.next()).toMatchObject({ lane: 2, attempts: 1 });
    expect(stage.readyAt).toEqual(['main']);
  });

  it('without attempts left is dead at once', () => {
    const stage = new Stage({ retryAttempts: 0, retryDelays: [] });
    stage.put();
    stage.settlement.failed(stage.claim(), ERROR);
    expect(stage.dead).toHaveLength(1);
  });

  it('while the bus shuts down counts for nothing where it is of that, and later whatever it is of', () => {
    const stage = new Stage({ retryAttempts: 0 });
    for (let count = 0; count < 4; count += 1) stage.put();
    const closed = {
      name: 'EventBusClosedError',
      message: 'The event bus is shutting down',
      code: 'EVENT_BUS_CLOSED',
    };
    stage.settlement.close();
    stage.settlement.failed(stage.claim(), closed);
    stage.settlement.failed(stage.claim(), { ...ERROR, cause: closed });
    expect(stage.settlement.leftAlone).toBe(2);
    stage.settlement.failed(stage.claim(), ERROR);
    expect(stage.dead).toHaveLength(1);
    stage.settlement.stop();
    stage.settlement.failed(stage.claim(), ERROR);
    expect(stage.settlement.leftAlone).toBe(3);
    expect(stage.dead).toHaveLength(1);
    expect(stage.buffer.stored().map((slot) => stage.buffer.read(slot).attempts)).toEqual([0, 0, 0]);
  });

  it('is nothing when somebody else has the event by now', () => {
    const stage = new Stage();
    stage.put();
    const held = stage.claim(1);
    stage.settlement.died(1, { alone: false, planned: true });
    stage.settlement.failed(held, ERROR);
    const again = stage.claim(2);
    stage.settlement.failed(held, ERROR);
    expect(stage.settlement.waiting).toBe(0);
    expect(stage.reader(2).done(again)).toBe(false);
    expect(stage.buffer.size).toBe(0);
  });

  it('costs one timer for all that are due at the same millisecond', () => {
    const stage = new Stage();
    stage.put(500);
    for (let count = 0; count < 500; count += 1) stage.settlement.failed(stage.claim(), ERROR);
    expect(stage.clock.pendingTimers).toBe(1);
    stage.settlement.stop();
    expect(stage.clock.pendingTimers).toBe(0);
    expect(stage.buffer.size).toBe(500);
  });
});

describe('a thread that died', () => {
  it('leaves suspects, which count no death that they shared', () => {
    const stage = new Stage();
    stage.put(3);
    const held = [stage.claim(), stage.claim(), stage.claim()];
    stage.settlement.died(1, { alone: false, planned: false });
    expect(stage.buffer.readyInLanes()).toEqual([0, 0, 0, 3]);
    for (const old of held) {
      const suspect = stage.claimSuspect(2);
      expect(suspect).toMatchObject({ crashes: 0, attempts: 0, sequence: old.sequence });
      expect(suspect.generation).not.toBe(old.generation);
    }
    expect(stage.settlement.crashes).toBe(0);
  });

  it('after so many deaths alone leaves a dead letter that says so', () => {
    const stage = new Stage();
    stage.put();
    stage.claim();
    stage.settlement.died(1, { alone: false, planned: false });
    for (let death = 1; death <= 3; death += 1) {
      expect(stage.claimSuspect().crashes).toBe(death - 1);
      expect(stage.dead).toEqual([]);
      stage.settlement.died(1, { alone: true, planned: false });
    }
    expect(stage.dead).toEqual([
      {
        event: expect.objectContaining({ crashes: 3, attempts: 0 }),
        error: expect.objectContaining({ name: 'WorkerCrashedError', code: 'WORKER_CRASHED' }),
      },
    ]);
    expect(stage.buffer.size).toBe(0);
    expect(stage.freed).toBe(1);
    expect(stage.settlement.crashes).toBe(3);
  });

  it('as planned gives its events back to their lanes, uncounted', () => {
    const stage = new Stage();
    stage.put(1, 0);
    stage.put(1, 2);
    stage.claim();
    stage.claim();
    stage.settlement.died(1, { alone: true, planned: true });
    expect(stage.buffer.readyInLanes()).toEqual([1, 0, 1, 0]);
    expect(stage.claim(2)).toMatchObject({ crashes: 0, attempts: 0 });
    expect(stage.readyAt).toEqual(['threads', 'threads']);
  });

  it('leaves alone what others hold, and what waits for its next attempt', () => {
    const stage = new Stage();
    stage.put(3);
    stage.claim(1);
    stage.claim(2);
    stage.settlement.failed(stage.claim(1), ERROR);
    stage.settlement.died(1, { alone: false, planned: false });
    expect(stage.buffer.readyInLanes()).toEqual([0, 0, 0, 1]);
    expect(stage.settlement.waiting).toBe(1);
  });

  it('is not risked in the app: what killed a thread while alone is given up there', () => {
    const stage = new Stage();
    stage.put();
    stage.claim();
    stage.settlement.died(1, { alone: true, planned: false });
    stage.settlement.giveUp(stage.claimSuspect(0));
    expect(stage.dead).toEqual([
      {
        event: expect.objectContaining({ crashes: 1 }),
        error: expect.objectContaining({ name: 'WorkerCrashedError' }),
      },
    ]);
  });
});
