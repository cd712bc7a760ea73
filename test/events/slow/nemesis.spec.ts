import { expectNothingLost } from '../nemesis/nemesis.fixture.js';

const DEADLINE_MS = 20 * 60_000;
const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);

it.each(SEEDS)(
  'nothing is lost among 300 000 events while threads die at random: seed %i',
  (seed) =>
    expectNothingLost({ events: 300_000, seeds: [seed], stepMs: DEADLINE_MS, deadlineMs: DEADLINE_MS }),
  DEADLINE_MS,
);
