import { complaints, nemesis } from './nemesis.fixture.js';

/** A mistake, and what the nemesis must hold against it. */
const SEEN: readonly (readonly [mistake: string, complaint: string])[] = [
  ['a claim moves the head before it wins the slot', 'lost'],
  ['what a dead thread held is forgotten', 'lost'],
];

const EVENTS = 600;

it.each(SEEN)('the nemesis sees that %s: %s', async (mistake, complaint) => {
  const [verdict] = await nemesis({ events: EVENTS, seeds: [2], stepMs: 20_000, mistake });
  expect(Object.keys(complaints(verdict!, EVENTS))).toContain(complaint);
});
