import type { FaultBench } from '../checker/fault-bench.js';
import { WorkerPool } from '../checker/worker-pool.js';
import { waitUntil } from '../../support/wait-until.js';
import { exited, FAST_LOCK, freezeWithJobsAhead, withQuickJobs } from './fault.js';
import type { Fault } from './fault.js';

const killWorker: Fault = {
  name: 'kill -9 of a worker at concurrency 20',
  mayFinishTwice: 20,
  run: async (bench) => {
    const doomed = await bench.worker(20);
    const keys = await bench.produce(20, { firstMs: 25_000, sleepMs: 500 });
    await waitUntil(() => bench.read().started.size === 20, '20 runs');
    await bench.worker(20);
    const killedAt = Date.now();
    doomed.kill('SIGKILL');
    // What it writes down in its last moments may be stored as well.
    await exited(doomed);
    const interrupted = keys.filter((key) => !bench.read().done.has(key));
    if (interrupted.length === 0) throw new Error('The worker was killed too late.');
    await bench.produce(30, { sleepMs: 50 });
    await waitUntil(
      () => interrupted.every((key) => (bench.read().started.get(key) ?? 0) > 1),
      'the runs to begin again',
      60_000,
    );
    const seconds = (Date.now() - killedAt) / 1_000;
    await bench.settled();
    return seconds;
  },
};

/** Quick jobs, many of which wait in the worker for a handler when it dies: they have not begun. */
const killWithJobsAhead: Fault = {
  name: 'kill -9 of a worker that has taken jobs ahead',
  options: { lock: FAST_LOCK },
  mayFinishTwice: 4,
  mayBlame: 4,
  run: async (bench) => {
    const doomed = await bench.worker(4);
    const seconds = await withQuickJobs(bench, async () => {
      await freezeWithJobsAhead(bench, doomed);
      const killedAt = Date.now();
      doomed.kill('SIGKILL');
      await exited(doomed);
      await bench.worker(4);
      return bench.recoveredSince(killedAt);
    });
    await bench.settled();
    return seconds;
  },
};

/** A job that kills its worker, and with it whatever else runs there, so many times. */
function crashLoop(name: string, crashes: number, maxCrashes: number): Fault {
  const concurrency = 20;
  return {
    name,
    options: { lock: FAST_LOCK, maxCrashes },
    mayFinishTwice: crashes * concurrency,
    mayBlame: crashes * concurrency,
    run: async (bench) => {
      const pool = new WorkerPool(bench, 1, concurrency);
      await pool.whenReady();
      const startedAt = Date.now();
      const [, [key]] = await Promise.all([
        bench.produce(concurrency - 1, { sleepMs: 300 }),
        bench.produce(1, { sleepMs: 10, crashes, doomed: crashes >= maxCrashes }),
      ]);
      await bench.settled(60_000 * crashes);
      await checkCrashes(bench, key ?? '', crashes);
      await bench.produce(5, { sleepMs: 10 });
      await bench.settled();
      await pool.close();
      return (Date.now() - startedAt) / 1_000;
    },
  };
}

async function checkCrashes(bench: FaultBench, key: string, crashes: number): Promise<void> {
  const seen = bench.read().crashes.get(key) ?? 0;
  if (seen !== crashes) throw new Error(`The job killed its worker ${seen} times, not ${crashes}.`);
}

/** Workers that die. */
export const DEATHS: readonly Fault[] = [
  killWorker,
  killWithJobsAhead,
  crashLoop('two crashes on the same job', 2, 5),
  crashLoop('ten crashes on the same job', 10, 10),
];
