import { waitUntil } from '../../support/wait-until.js';
import { pause, underLoad } from './fault.js';
import type { Fault } from './fault.js';

const outOfMemory: Fault = {
  name: 'out of memory, noeviction',
  mayFinishTwice: 0,
  run: async (bench) => {
    await bench.worker();
    const seconds = await underLoad(bench, async () => {
      await bench.client.config('SET', 'maxmemory', '1mb');
      await pause(2_500);
      await bench.client.config('SET', 'maxmemory', '0');
      const freedAt = Date.now();
      await waitUntil(() => bench.produce(1, { sleepMs: 1 }), 'adds to resume');
      return bench.recoveredSince(freedAt);
    });
    await bench.settled();
    return seconds;
  },
};

/** A Redis that answers, and refuses. */
export const REFUSALS: readonly Fault[] = [outOfMemory];
