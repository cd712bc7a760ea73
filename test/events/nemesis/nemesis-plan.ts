import { randomFrom } from '../../support/random-from.js';
import type { NemesisKind, NemesisPayload } from './nemesis-events.js';

/** What is done to the threads when so many events have been emitted. */
export type Deed = { readonly at: number } & (
  { readonly kind: 'kill'; readonly afterMs: number } | { readonly kind: 'scale'; readonly to: number }
);

export interface NemesisPlan {
  readonly events: readonly NemesisPayload[];
  /** In order of `at`. */
  readonly deeds: readonly Deed[];
  readonly maxCrashes: number;
  readonly fallback: boolean;
  readonly concurrency: number;
}

/** A death costs a thread's boot, most of a second of a core: a long run has fewer for its events than a short one. */
const LONG_RUN = 10_000;
const IN_A_LONG_RUN = 5;
const EVENTS_PER_KILL = 750;
/** … where a poison event ends threads as well. */
const EVENTS_PER_KILL_BESIDE_POISON = 1_500;
const EVENTS_PER_SCALING = 1_500;
const EVENTS_PER_DEATH = 1_500;

/** Kinds that kill each thread that runs them. */
export const POISON: readonly NemesisKind[] = ['exit', 'throw', 'block', 'heap', 'loop'];
const ONCE: readonly NemesisKind[] = ['exit-once', 'throw-once', 'block-once', 'loop-once', 'heap-once'];

/** All that a seed does: the same for the same seed. */
export function planOf(seed: number, events: number): NemesisPlan {
  const random = randomFrom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const kinds = new Map<number, NemesisKind>();
  const sow = (kind: NemesisKind): unknown => kinds.set(below(events), kind);
  const weight = events > LONG_RUN ? IN_A_LONG_RUN : 1;
  // Each costs its own death, and those that tell it from its neighbours: every second seed has them.
  const hasPoison = seed % 2 === 1;
  const perKill = hasPoison ? EVENTS_PER_KILL_BESIDE_POISON : EVENTS_PER_KILL;
  const deaths = Math.max(1, Math.round(events / EVENTS_PER_DEATH / weight));
  for (let i = 0; i < deaths; i += 1) {
    if (hasPoison) sow(POISON[((seed >> 1) + i) % POISON.length]!);
    sow(ONCE[(seed + i + 2) % ONCE.length]!);
    if (!hasPoison) sow('quits-once');
  }
  for (let i = 0; i < events / 100; i += 1) sow('fails-once');
  for (let i = 0; i < events / 300; i += 1) sow('fails');
  const deeds: Deed[] = [];
  for (let i = 0; i < events / perKill / weight; i += 1)
    deeds.push({ at: below(events), kind: 'kill', afterMs: below(20) });
  for (let i = 0; i < events / EVENTS_PER_SCALING / weight; i += 1)
    deeds.push({ at: below(events), kind: 'scale', to: 1 + below(4) });
  return {
    events: Array.from({ length: events }, (_, n) => ({
      n,
      kind: kinds.get(n) ?? 'plain',
      takesMs: random() < 0.1 ? below(8) : 0,
    })),
    deeds: deeds.sort((a, b) => a.at - b.at),
    maxCrashes: 1 + ((seed >> 1) % 3),
    fallback: seed % 4 === 0,
    concurrency: 1 + below(20),
  };
}
