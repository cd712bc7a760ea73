import type { FaultBench } from '../checker/fault-bench.js';
import { waitUntil } from '../../support/wait-until.js';
import { exited } from './fault.js';
import type { Fault } from './fault.js';

const LOCK = { durationMs: 2_400, renewMs: 600, stalledCheckMs: 300 };

/** Jobs of a name that the old release does not have, of a payload that is newer than its own, and such as both know. */
async function jobsOfBoth(bench: FaultBench): Promise<readonly string[]> {
  const [recent, newer] = await Promise.all([
    bench.produce(30, { sleepMs: 100 }, { name: 'recent' }),
    bench.produce(30, { sleepMs: 0 }, { name: 'quick' }),
    bench.produce(30, { sleepMs: 20 }),
  ]);
  return [...recent, ...newer];
}

/** An old worker dies with jobs that it does not know, a new one with runs of them; the last old one leaves in order. */
const twoReleases: Fault = {
  name: 'kill -9 of an old and of a new worker in a rolling deploy',
  options: { release: 'new', lock: LOCK },
  ...{ mayFinishTwice: 20, mayLoseLocks: 10, mayBlame: 20 },
  run: async (bench) => {
    const [last, leaving] = await Promise.all([
      bench.otherWorker({ release: 'old' }),
      bench.otherWorker({ release: 'old' }),
    ]);
    const unknown = [...(await jobsOfBoth(bench))];
    await waitUntil(() => bench.read().done.size > 5, 'the old ones to work');
    leaving.kill('SIGKILL');
    await exited(leaving);
    const first = await bench.otherWorker({ release: 'new' });
    unknown.push(...(await jobsOfBoth(bench)));
    await waitUntil(() => unknown.some((key) => bench.read().started.has(key)), 'the new one to work');
    const killedAt = Date.now();
    first.kill('SIGKILL');
    await exited(first);
    last.kill('SIGTERM');
    await exited(last);
    await bench.otherWorker({ release: 'new' });
    const seconds = await bench.recoveredSince(killedAt);
    await bench.settled();
    const old = [last, leaving].map(({ pid }) => `${pid}.`);
    const byOld = bench
      .read()
      .lines.filter(({ key, run }) => unknown.includes(key) && old.some((pid) => run.startsWith(pid)));
    if (byOld.length > 0) throw new Error(`An old worker ran ${byOld[0]?.key}, which is newer.`);
    return seconds;
  },
};

/** Two versions of the app at once. */
export const RELEASES: readonly Fault[] = [twoReleases];
