import type { FaultBench } from '../checker/fault-bench.js';
import { waitUntil } from '../../support/wait-until.js';
import { exited, pause } from './fault.js';
import type { Fault } from './fault.js';

const HOUR_MS = 3_600_000;
/** They end while the row runs, and a busy machine still renews them. */
const LOCK = { durationMs: 2_400, renewMs: 600, stalledCheckMs: 300 };
const LONG_RUNS = 2;

/** Jobs that are due later, at once or after an attempt, and runs that outlast their locks; by all ways in which they can be added. */
async function timedJobs(bench: FaultBench): Promise<readonly string[]> {
  const [long] = await Promise.all([
    bench.produce(LONG_RUNS, { sleepMs: 3_000 }, { mode: 'plain' }),
    bench.produce(10, { sleepMs: 10 }, { mode: 'delayed' }),
    bench.produce(5, { sleepMs: 10 }),
    bench.produce(5, { sleepMs: 10, failures: 1 }),
    bench.produce(5, { sleepMs: 10, firstEnd: 'defer' }),
  ]);
  return long;
}

/** Of two workers, whose clocks are two hours apart, one dies; the producers go by one clock and then by the other. */
const wrongClocks: Fault = {
  name: 'clocks an hour off, either way, and kill -9',
  options: { lock: LOCK },
  ...{ mayFinishTwice: 10, mayLoseLocks: 10 },
  run: async (bench) => {
    const doomed = await bench.otherWorker({ clockOffsetMs: HOUR_MS });
    bench.setClock(bench.producer, -HOUR_MS);
    const long = await timedJobs(bench);
    await waitUntil(() => long.every((key) => bench.read().started.has(key)), 'the long runs');
    await bench.otherWorker({ clockOffsetMs: -HOUR_MS });
    const killedAt = Date.now();
    doomed.kill('SIGKILL');
    await exited(doomed);
    bench.setClock(bench.producer, HOUR_MS);
    await timedJobs(bench);
    await bench.settled();
    return (Date.now() - killedAt) / 1_000;
  },
};

/** A time server, or an operator, sets the clocks of a worker and of the producers while jobs run. */
const setClocks: Fault = {
  name: 'clocks set forward and back while jobs run',
  options: { lock: LOCK },
  ...{ mayFinishTwice: 0, mayLoseLocks: 10 },
  run: async (bench) => {
    const worker = await bench.worker();
    const begunAt = Date.now();
    for (const offsetMs of [HOUR_MS, -HOUR_MS, 0]) {
      const added = timedJobs(bench);
      await pause(300);
      bench.setClock(worker, offsetMs);
      bench.setClock(bench.producer, -offsetMs);
      await added;
    }
    await bench.settled();
    return (Date.now() - begunAt) / 1_000;
  },
};

/** Clocks that are wrong: Redis' is the one that counts. */
export const CLOCKS: readonly Fault[] = [wrongClocks, setClocks];
