import { EventBuffer } from '../../../src/buffered-events/buffer/event-buffer.js';
import { Ring } from '../../../src/buffered-events/buffer/ring.js';
import { replaceMethod } from './nemesis-deaths.js';

/** As the mistakes meet a ring. */
interface AnyRing {
  readonly ints: Int32Array;
  readonly head: number;
  readonly tail: number;
  readonly entries: number;
  readonly mask: number;
  take(slot: number, generation: number, owner: number): boolean;
}

/** One claim in so many ends its thread where the mistake hurts. */
const CLAIMS_PER_DEATH = 300;

/** Mistakes of the buffer that the nemesis must see; others need a moment that no chance brings about (`src/buffered-events/buffer`). */
const MISTAKES: Record<string, () => void> = {
  'a claim moves the head before it wins the slot': () =>
    replaceMethod(
      Ring,
      'claim',
      () =>
        function (owner) {
          const { ints, head: headAt, tail, entries, mask } = this as AnyRing;
          for (;;) {
            const head = Atomics.load(ints, headAt);
            if (head === Atomics.load(ints, tail)) return -1;
            const entry = entries + (head & mask) * 2;
            const [slot = 0, generation = 0] = [ints[entry], ints[entry + 1]];
            if (Atomics.compareExchange(ints, headAt, head, (head + 1) | 0) !== head) continue;
            if (Math.random() < 1 / CLAIMS_PER_DEATH) process.exit(5);
            if ((this as AnyRing).take(slot, generation, owner as number)) return slot;
          }
        },
    ),
  'what a dead thread held is forgotten': () =>
    replaceMethod(
      EventBuffer,
      'heldBy',
      () =>
        function () {
          return [];
        },
    ),
};

/** Makes one of them, by its name, in this thread. @throws Error when there is none of that name */
export function makeMistake(name: unknown): void {
  if (name === undefined) return;
  const make = typeof name === 'string' ? MISTAKES[name] : undefined;
  if (make === undefined) throw new Error(`There is no such mistake: ${JSON.stringify(name)}.`);
  make();
}
