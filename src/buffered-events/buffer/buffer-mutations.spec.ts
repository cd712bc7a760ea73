import { breakMethod, mendAll } from '../../../test/support/mistakes.js';
import type { NewEvent, StoredEvent } from './buffer-words.js';
import { EventBuffer } from './event-buffer.js';
import { LaneReader } from './lane-reader.js';
import { Ring } from './ring.js';
import { CLAIMED, generationOf, READY, stateOf, WAITING } from './state-word.js';

const WEIGHTS = [3, 2, 1] as const;
const EVENTS = 3;
/** More than any call makes. */
const STEPS = 20;

class Killed extends Error {}

afterEach(() => mendAll());

/** A buffer with events in one lane, and threads that may claim them. */
class Stage {
  readonly buffer = EventBuffer.create({
    maxQueueSize: 20,
    maxMemoryMB: 1,
    maxEventSize: 100,
    weights: WEIGHTS,
  });
  readonly threads = [0, 1, 2, 3].map((owner) => new LaneReader(this.buffer.handle, owner, WEIGHTS));

  constructor() {
    this.buffer.quarantine = 3;
    for (let sequence = 1; sequence <= EVENTS; sequence += 1) this.put({ sequence });
  }

  put(fields: Partial<NewEvent>): void {
    this.buffer.put(
      { type: 0, lane: 0, sequence: 0, emittedAt: 0, json: '', bytes: 0, ...fields },
      'threads',
    );
  }

  thread(owner: number): LaneReader {
    return this.threads[owner] as LaneReader;
  }

  claim(owner: number): StoredEvent {
    return this.thread(owner).next() as StoredEvent;
  }

  /** The app hears that a thread is dead, and has what it held run alone. */
  buryThread(owner: number): void {
    for (const slot of this.buffer.heldBy(owner)) this.buffer.ready(slot, 'suspects', 'threads');
  }

  /** Threads handle all that is ready. @returns the numbers of those events, and whether each ran alone */
  handleAll(owner: number): { readonly shared: number[]; readonly alone: number[] } {
    const thread = this.thread(owner);
    const take = (next: () => StoredEvent | null): number[] => {
      const numbers: number[] = [];
      for (let event = next(); event !== null; event = next()) {
        numbers.push(event.sequence);
        thread.done(event);
      }
      return numbers;
    };
    return { shared: take(() => thread.next()), alone: take(() => thread.nextSuspect()) };
  }
}

/** Calls, and is killed before the nth step that others can see. @returns whether it came that far */
function killedBefore(step: number, call: () => unknown): boolean {
  let steps = 0;
  const spies = (['load', 'store', 'compareExchange'] as const).map((name) => {
    const real = Atomics[name] as (...parameters: unknown[]) => unknown;
    return jest.spyOn(Atomics, name).mockImplementation(((...parameters: unknown[]) => {
      steps += 1;
      if (steps === step) throw new Killed();
      return real(...parameters);
    }) as never);
  });
  try {
    call();
    return false;
  } catch (error) {
    if (error instanceof Killed) return true;
    throw error;
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** What must hold, whatever a thread does last. */
const GUARANTEES: Record<string, () => void> = {
  'whenever a thread is killed in its claim, each event is handled once': () => {
    let killed = 0;
    for (let step = 1; step <= STEPS; step += 1) {
      const stage = new Stage();
      if (killedBefore(step, () => stage.claim(1))) killed += 1;
      stage.buryThread(1);
      const { shared, alone } = stage.handleAll(3);
      expect([...alone, ...shared].sort()).toEqual([1, 2, 3]);
      expect(stage.buffer.size).toBe(0);
      expect(stage.buffer.stored()).toEqual([]);
    }
    // Before the looks at both ends of the lane, before the slot is won, before the head moves.
    expect(killed).toBe(4);
  },
  'whenever a thread is killed as it ends an event, that is handled, and what is counted is what is there':
    () => {
      let killed = 0;
      for (let step = 1; step <= STEPS; step += 1) {
        const stage = new Stage();
        const event = stage.claim(1);
        if (killedBefore(step, () => stage.thread(1).done(event))) killed += 1;
        stage.buryThread(1);
        expect(stage.buffer.size).toBe(stage.buffer.stored().length);
        const { shared, alone } = stage.handleAll(3);
        expect(shared).toEqual([2, 3]);
        expect(alone.length + stage.buffer.cells(1).done).toBe(1);
        expect([stage.buffer.size, stage.buffer.memoryUsage]).toEqual([0, 0]);
      }
      expect(killed).toBeGreaterThan(2);
    },
  'an event that a thread may have died of is not given out beside others by an old entry': () => {
    const stage = new Stage();
    // The slot is won, and the entry of it stands at the head still.
    killedBefore(4, () => stage.claim(1));
    expect(stage.buffer.heldBy(1)).toHaveLength(1);
    stage.buryThread(1);
    expect(stage.handleAll(2)).toEqual({ shared: [2, 3], alone: [] });
    expect(stage.handleAll(3)).toEqual({ shared: [], alone: [1] });
  },
  'a failure that is told late takes the event from nobody else': () => {
    const stage = new Stage();
    const failed = stage.claim(1);
    expect(stage.buffer.hold(failed)).toBe(true);
    stage.buffer.ready(failed.slot, 'own', 'threads');
    for (const sequence of [2, 3, 1]) {
      const event = stage.claim(2);
      expect(event.sequence).toBe(sequence);
      // A word of the first run that comes once more, or only now.
      expect(stage.buffer.hold(failed)).toBe(false);
      stage.thread(2).done(event);
    }
    expect(stage.buffer.size).toBe(0);
  },
};

interface AnyRing {
  readonly ints: Int32Array;
  readonly head: number;
  readonly tail: number;
  readonly entries: number;
  readonly mask: number;
  take(slot: number, generation: number, owner: number): boolean;
}

interface AnyBuffer {
  readonly rings: readonly Ring[];
  word(slot: number): number;
  set(slot: number, word: number): void;
}

/** Mistakes that the design names, each in place of what prevents it. */
const MISTAKES: readonly (readonly [mistake: string, apply: () => void])[] = [
  [
    'a claim moves the head before it wins the slot',
    breakMethod<AnyRing>(
      Ring,
      'claim',
      () =>
        function (owner) {
          for (;;) {
            const head = Atomics.load(this.ints, this.head);
            if (head === Atomics.load(this.ints, this.tail)) return -1;
            const entry = this.entries + (head & this.mask) * 2;
            Atomics.compareExchange(this.ints, this.head, head, (head + 1) | 0);
            const slot = this.ints[entry] as number;
            if (this.take(slot, this.ints[entry + 1] as number, owner as number)) return slot;
          }
        },
    ),
  ],
  ['what a dead thread held is forgotten', breakMethod(EventBuffer, 'heldBy', () => () => [])],
  [
    'a slot keeps its generation',
    breakMethod<AnyBuffer>(
      EventBuffer,
      'makeReady',
      () =>
        function (slot, lane) {
          const generation = generationOf(this.word(slot as number));
          this.set(slot as number, READY | generation);
          (this.rings[lane as number] as Ring).push(slot as number, generation);
        },
    ),
  ],
  [
    'a failure is believed whoever holds the event by now',
    breakMethod<AnyBuffer>(
      EventBuffer,
      'hold',
      () =>
        function (hold) {
          const { slot } = hold as { slot: number };
          const word = this.word(slot);
          if (stateOf(word) !== CLAIMED) return false;
          this.set(slot, WAITING | generationOf(word));
          return true;
        },
    ),
  ],
];

/** Names of guarantees that do not hold. */
function broken(): string[] {
  return Object.entries(GUARANTEES).flatMap(([name, holds]) => {
    try {
      holds();
      return [];
    } catch {
      return [name];
    }
  });
}

describe('what the buffer guarantees', () => {
  it.each(Object.entries(GUARANTEES))('%s', (_, holds) => holds());

  it.each(MISTAKES)('and what sees it: %s', (_, apply) => {
    apply();
    expect(broken()).not.toEqual([]);
  });

  it('each is broken by one of the mistakes at least', () => {
    const seen = MISTAKES.flatMap(([, apply]) => {
      apply();
      const names = broken();
      mendAll();
      return names;
    });
    expect([...new Set(seen)].sort()).toEqual(Object.keys(GUARANTEES).sort());
  });
});
