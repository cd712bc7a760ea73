import { waitUntil } from '../../support/wait-until.js';
import { FAST_LOCK, pause } from './fault.js';
import type { Fault } from './fault.js';

/** Of each kind. */
const RUNS_LOST = 5;

/**
 * A worker that comes back when its jobs run elsewhere already: whatever its runs end with must not count, and those that go on must
 * stop.
 */
const frozenWorker: Fault = {
  name: 'worker frozen until its jobs run elsewhere',
  options: { lock: FAST_LOCK, maxCrashes: 5 },
  ...{ mayFinishTwice: RUNS_LOST, mayLoseLocks: 4 * RUNS_LOST },
  run: async (bench) => {
    const frozen = await bench.worker(40);
    const job = { sleepMs: 2_500, firstMs: 0, untilBlocked: true };
    const [going, ...others] = await Promise.all([
      bench.produce(RUNS_LOST, { ...job, firstMs: 20_000 }),
      bench.produce(RUNS_LOST, job),
      bench.produce(RUNS_LOST, { ...job, firstEnd: 'fail' }),
      bench.produce(RUNS_LOST, { ...job, firstEnd: 'defer' }),
    ]);
    const lost = [...going, ...others.flat()];
    const began = (times: number): boolean =>
      lost.every((key) => (bench.read().started.get(key) ?? 0) >= times);
    await waitUntil(() => began(1), 'the runs');
    await bench.worker(40);
    const frozenAt = Date.now();
    frozen.kill('SIGSTOP');
    await waitUntil(() => began(2), 'the runs to begin elsewhere');
    const seconds = (Date.now() - frozenAt) / 1_000;
    bench.block(frozen, 0);
    frozen.kill('SIGCONT');
    await bench.settled();
    const { lines } = bench.read();
    const stopped = going.filter((key) => lines.some((line) => line.key === key && line.what === 'aborted'));
    if (stopped.length < going.length) throw new Error('Runs went on that had lost their jobs.');
    return seconds;
  },
};

/** Jobs that run for several lock times; between two renewals others look for stalled jobs several times. */
const longRuns: Fault = {
  name: 'runs longer than their locks live',
  options: { lock: { durationMs: 2_400, renewMs: 1_000, stalledCheckMs: 200 } },
  mayFinishTwice: 0,
  run: async (bench) => {
    const startedAt = Date.now();
    await bench.worker(10);
    await bench.produce(10, { sleepMs: 6_000 });
    await waitUntil(() => bench.read().started.size === 10, 'the runs');
    await bench.worker(10);
    await bench.produce(10, { sleepMs: 10 });
    await bench.settled();
    return (Date.now() - startedAt) / 1_000;
  },
};

const failedRenewals: Fault = {
  name: 'lock renewals that fail',
  options: { lock: { durationMs: 3_000, renewMs: 750, stalledCheckMs: 500 } },
  mayFinishTwice: 0,
  run: async (bench) => {
    await bench.worker(10);
    await bench.worker(10);
    await bench.produce(10, { sleepMs: 5_000 });
    await waitUntil(() => bench.read().started.size === 10, 'the runs');
    // Every renewal of two seconds is cut off.
    const until = Date.now() + 2_000;
    while (Date.now() < until) {
      bench.network.cut();
      await pause(25);
    }
    const healedAt = Date.now();
    await bench.settled();
    return (Date.now() - healedAt) / 1_000;
  },
};

/** Runs that lose their locks, and runs that must not. */
export const LOCKS: readonly Fault[] = [frozenWorker, longRuns, failedRenewals];
