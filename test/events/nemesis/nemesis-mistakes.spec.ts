import { complaints, nemesis, SEEDS_MS } from './nemesis.fixture.js';

/** A mistake, and what the nemesis must hold against it. */
const SEEN: readonly (readonly [mistake: string, complaint: string])[] = [
  ['a claim moves the head before it wins the slot', 'lost'],
  ['what a dead thread held is forgotten', 'lost'],
];

const EVENTS = 600;

/** Where a death must come between two steps, it may come beside them with one seed. */
const SEEDS = [2, 3, 4];

it.each(SEEN)(
  'the nemesis sees that %s: %s',
  async (mistake, complaint) => {
    const seen = new Set<string>();
    for (const seed of SEEDS) {
      if (seen.has(complaint)) break;
      const [verdict] = await nemesis({ events: EVENTS, seeds: [seed], stepMs: 20_000, mistake });
      for (const found of Object.keys(complaints(verdict!, EVENTS))) seen.add(found);
    }
    expect([...seen]).toContain(complaint);
  },
  SEEDS_MS,
);
