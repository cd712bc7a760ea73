import type { FaultBench } from '../checker/fault-bench.js';
import { waitUntil } from '../../support/wait-until.js';
import { underLoad } from './fault.js';
import type { Fault } from './fault.js';

const LOST = 'DATA_LOST';
/** Ends a hang: processes look every two seconds. */
const NOTICED_WITHIN_MS = 20_000;

/** Every process says that data was lost, and one of them has told somebody. */
async function noticed(bench: FaultBench): Promise<void> {
  await waitUntil(
    async () =>
      (await bench.health()).every(({ status, reasons }) => status === 'unhealthy' && reasons.includes(LOST)),
    'every process to be unhealthy with DATA_LOST',
    NOTICED_WITHIN_MS,
  );
  const alerts = (await bench.health()).flatMap((health) => health.alerts);
  const told = alerts.filter((alert) => /emptied while it ran/.test(alert)).length;
  if (told !== 1) throw new Error(`The loss was told ${told} times: ${alerts.join('; ')}`);
}

/** Jobs that Redis had are gone, by nature. That it is noticed, and that work goes on, is what is promised. */
const emptied: Fault = {
  name: 'FLUSHALL under load',
  options: { redis: ['--appendonly', 'yes'], hasSchedule: true },
  mayFinishTwice: 0,
  run: async (bench) => {
    await Promise.all([bench.worker(10), bench.worker(10)]);
    const scheduled = (): Promise<boolean> => bench.schedules().then((count) => count === 1);
    await waitUntil(scheduled, 'the schedule');
    const seconds = await underLoad(bench, async () => {
      await bench.empty();
      const emptiedAt = Date.now();
      const [next] = await bench.produce(1, { sleepMs: 1 }, { mode: 'plain' });
      await waitUntil(() => bench.read().done.has(next ?? ''), 'the next job to run');
      await noticed(bench);
      await waitUntil(scheduled, 'the schedule to be back', NOTICED_WITHIN_MS);
      return (Date.now() - emptiedAt) / 1_000;
    });
    await bench.acknowledgeLoss();
    await bench.settled();
    await waitUntil(
      async () => (await bench.health()).every(({ status }) => status === 'healthy'),
      'every process to be well again',
    );
    return seconds;
  },
};

/** What Redis had is gone. */
export const LOSSES: readonly Fault[] = [emptied];
