import { waitUntil } from '../../support/wait-until.js';
import { exited, pause, withQuickJobs } from './fault.js';
import type { Fault } from './fault.js';

function sigterm(times: 1 | 2): Fault {
  return {
    name: times === 1 ? 'SIGTERM under load' : 'SIGTERM twice under load',
    mayFinishTwice: 0,
    run: async (bench) => {
      const leaving = await bench.worker(10, 500);
      await bench.produce(10, { sleepMs: 2_000 });
      await bench.produce(30, { sleepMs: 20 });
      await waitUntil(() => bench.read().started.size >= 10, 'the runs');
      const sentAt = Date.now();
      leaving.kill('SIGTERM');
      if (times === 2) {
        await pause(100);
        leaving.kill('SIGTERM');
      }
      await bench.worker(20);
      await exited(leaving);
      const seconds = await bench.recoveredSince(sentAt);
      await bench.settled();
      return seconds;
    },
  };
}

/** Slow jobs come among quick ones, which wait in the worker behind them: it has taken them ahead when it is told to go. */
const sigtermWithJobsAhead: Fault = {
  name: 'SIGTERM of a worker that has taken jobs ahead',
  mayFinishTwice: 0,
  run: async (bench) => {
    const leaving = await bench.worker(4);
    const seconds = await withQuickJobs(bench, async () => {
      await waitUntil(() => bench.read().done.size > 500, 'the jobs to flow');
      const slow = await bench.produce(40, { sleepMs: 700 }, { mode: 'plain' });
      await waitUntil(
        () => slow.filter((key) => bench.read().started.has(key)).length >= 4,
        'slow runs',
        60_000,
      );
      const sentAt = Date.now();
      leaving.kill('SIGTERM');
      await exited(leaving);
      const left = await bench.active();
      if (left.length > 0) throw new Error(`A worker that stopped left ${left.length} jobs in "active".`);
      await bench.worker(4);
      return bench.recoveredSince(sentAt);
    });
    await bench.settled();
    return seconds;
  },
};

/** Workers that are told to go. */
export const STOPS: readonly Fault[] = [sigterm(1), sigterm(2), sigtermWithJobsAhead];
