import { expectNothingLost, SEEDS_MS } from './nemesis.fixture.js';

const SEEDS = [16, 17, 18, 19, 20];

it(
  `nothing is lost while threads die at random: seeds ${SEEDS.join(', ')}`,
  () => expectNothingLost({ events: 1_500, seeds: SEEDS }),
  SEEDS_MS,
);
