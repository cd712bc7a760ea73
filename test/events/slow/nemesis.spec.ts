import { expectNothingLost } from '../nemesis/nemesis.fixture.js';

/** An emit waits no longer for room than a configuration may say: ten minutes. */
const STEP_MS = 10 * 60_000;
const DEADLINE_MS = 2 * STEP_MS;
const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);

it.each(SEEDS)(
  'nothing is lost among 300 000 events while threads die at random: seed %i',
  (seed) => expectNothingLost({ events: 300_000, seeds: [seed], stepMs: STEP_MS, deadlineMs: DEADLINE_MS }),
  DEADLINE_MS,
);
