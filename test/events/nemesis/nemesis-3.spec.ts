import { expectNothingLost, SEEDS_MS } from './nemesis.fixture.js';

const SEEDS = [11, 12, 13, 14, 15];

it(
  `nothing is lost while threads die at random: seeds ${SEEDS.join(', ')}`,
  () => expectNothingLost({ events: 1_500, seeds: SEEDS }),
  SEEDS_MS,
);
