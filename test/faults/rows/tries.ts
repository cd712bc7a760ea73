import { ATTEMPTS } from '../process/fault-queue.js';
import { FAST_LOCK } from './fault.js';
import type { Fault } from './fault.js';

const stubbornHandler: Fault = {
  name: 'handler that ignores abort',
  options: { lock: FAST_LOCK },
  mayFinishTwice: 4,
  run: async (bench) => {
    await bench.worker(4);
    const startedAt = Date.now();
    await bench.produce(4, { sleepMs: 1_500, doomed: true }, { name: 'stubborn' });
    await bench.settled();
    return (Date.now() - startedAt) / 1_000;
  },
};

const failingAttempts: Fault = {
  name: 'attempts that fail, and jobs that ask for a later try',
  mayFinishTwice: 0,
  run: async (bench) => {
    await bench.worker();
    const startedAt = Date.now();
    await Promise.all([
      bench.produce(15, { sleepMs: 10, failures: 1 }),
      bench.produce(15, { sleepMs: 10, failures: ATTEMPTS - 1 }),
      bench.produce(15, { sleepMs: 10, failures: ATTEMPTS, doomed: true }),
      bench.produce(15, { sleepMs: 10, firstEnd: 'defer' }),
    ]);
    await bench.settled();
    return (Date.now() - startedAt) / 1_000;
  },
};

/** Handlers that do not do as they should. */
export const TRIES: readonly Fault[] = [stubbornHandler, failingAttempts];
