import { runConformance } from '../run-conformance.js';
import { ActivityBench, TIMELESS, memoryActivity, redisActivity, syncActivity } from './activity-bench.js';
import { countingCases } from './counting.cases.js';
import { fleetCases } from './fleet.cases.js';
import { operatorCases } from './operators.cases.js';

runConformance({
  seam: 'activity',
  redisArguments: TIMELESS,
  subjects: {
    'what was counted': countingCases,
    'the fleet': fleetCases,
    'alerts and operators': operatorCases,
  },
  providers: (redis) => [redisActivity(redis), memoryActivity, syncActivity],
  open: (provider) => new ActivityBench(provider),
});
