import type { FaultBench } from '../checker/fault-bench.js';
import { waitUntil } from '../../support/wait-until.js';
import { pause, underLoad } from './fault.js';
import type { Fault } from './fault.js';

const OUTAGE_MS = 10_000;
const SAFE_REDIS = ['--appendonly', 'yes', '--appendfsync', 'always'];

/** Something that begins and ends under load. */
export function outage(
  begin: (bench: FaultBench) => unknown,
  end: (bench: FaultBench) => unknown,
  durationMs = OUTAGE_MS,
): Fault['run'] {
  return async (bench) => {
    await bench.worker();
    const seconds = await underLoad(bench, async () => {
      await begin(bench);
      await pause(durationMs);
      await end(bench);
      return bench.recoveredSince(Date.now());
    });
    await bench.settled();
    return seconds;
  };
}

/** Jobs wait, so that the calls whose answers are lost take some. */
const lostReplies: Fault = {
  name: 'replies lost after execution',
  mayFinishTwice: 0,
  run: async (bench) => {
    await bench.worker();
    const seconds = await underLoad(bench, async () => {
      await bench.produce(100, { sleepMs: 150 }, { mode: 'plain' });
      bench.network.swallowReplies();
      await pause(700);
      bench.network.heal();
      // Noticed at once: within the life of the locks of jobs whose take was not answered.
      bench.network.cut();
      return bench.recoveredSince(Date.now());
    });
    await bench.settled();
    return seconds;
  },
};

/** As many of each kind: each of the two producers sends half, by four calls at most, which is how many it has under way without an answer. */
const UNANSWERED = 4;

/**
 * Adds are executed and their answers lost while workers hear theirs: the jobs run, and are gone, before the producers' client sends
 * the same adds again.
 */
const lostAnswersOfAdds: Fault = {
  name: 'answers of adds lost while their jobs run',
  options: { keepsCompleted: false },
  mayFinishTwice: 0,
  run: async (bench) => {
    await bench.worker();
    let healedAt = 0;
    for (let times = 0; times < 5; times += 1) {
      // What is not connected now could send nothing.
      await waitUntil(async () => {
        const keys = await bench.produce(4, { sleepMs: 1 }, { mode: 'plain' });
        return keys.every((key) => bench.isAcknowledged(key));
      }, 'both producers to be connected');
      await bench.settled();
      const before = bench.read().done.size;
      bench.network.producers.swallowReplies();
      const adds = Promise.all([
        bench.produce(UNANSWERED, { sleepMs: 1 }, { mode: 'plain' }),
        bench.produce(UNANSWERED, { sleepMs: 1 }, { mode: 'urgent' }),
      ]);
      await waitUntil(() => bench.read().done.size >= before + 2 * UNANSWERED, 'the jobs to run');
      await bench.settled();
      bench.network.producers.heal();
      bench.network.producers.cut();
      healedAt = Date.now();
      await adds;
    }
    await bench.produce(20, { sleepMs: 1 });
    const seconds = await bench.recoveredSince(healedAt);
    await bench.settled();
    return seconds;
  },
};

/** Redis, or the network before it, that does not answer. */
export const OUTAGES: readonly Fault[] = [
  {
    ...{ name: 'Redis kill -9, AOF always', options: { redis: SAFE_REDIS }, mayFinishTwice: 0 },
    run: outage(
      (bench) => bench.redis.kill(),
      (bench) => bench.redis.spawn(),
      500,
    ),
  },
  {
    ...{ name: 'SIGSTOP of Redis for 10 s', mayFinishTwice: 0 },
    run: outage(
      (bench) => bench.redis.signal('SIGSTOP'),
      (bench) => bench.redis.signal('SIGCONT'),
    ),
  },
  {
    ...{ name: 'connections blackholed for 10 s', mayFinishTwice: 20, mayLoseLocks: 20, mayBlame: 20 },
    run: outage(
      (bench) => bench.network.blackhole(),
      (bench) => bench.network.heal(),
    ),
  },
  lostReplies,
  lostAnswersOfAdds,
];
