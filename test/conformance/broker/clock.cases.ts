import { once } from '../../support/add-requests.js';
import { waitUntil } from '../../support/wait-until.js';
import { CLOCK_STEPS, setClock } from '../../support/set-clock.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';
import { completed, failed } from './broker-bench.js';

/** A case for each direction in which this machine's clock may be set. */
function onEachStep(
  title: string,
  check: (bench: BrokerBench, set: () => void) => Promise<void>,
): BrokerCase[] {
  return CLOCK_STEPS.map(([step, byMs]) => [
    `${title}, when this machine's clock is set ${step}`,
    async (bench) => {
      let reset = (): void => undefined;
      try {
        await check(bench, () => (reset = setClock(byMs)));
      } finally {
        reset();
      }
    },
  ]);
}

/** Longer than a busy machine takes to get from one line of a case to the next. */
const DELAY_MS = 1_500;

/** How often the schedule of a case runs. */
const EVERY_MS = 100;

/** A machine's clock that is set while jobs run stops nothing, and makes nothing run early. */
export const clockCases: readonly BrokerCase[] = [
  ...onEachStep('a delayed job runs on time', async (bench, set) => {
    const queue = bench.open();
    const { runs } = await bench.work(queue);
    const addedAt = performance.now();
    const id = await bench.add(queue, { options: { delay: DELAY_MS } });
    set();
    const later = await bench.add(queue, { options: { delay: DELAY_MS } });
    await bench.anotherRuns();
    if (performance.now() - addedAt < DELAY_MS) expect(runs).toEqual([]);
    await waitUntil(() => runs.length === 2, 'both');
    expect(performance.now() - addedAt).toBeGreaterThanOrEqual(DELAY_MS - 1);
    expect(runs).toEqual([id, later]);
  }),
  ...onEachStep('a retry comes after its backoff', async (bench, set) => {
    const queue = bench.open();
    let failedAt = 0;
    const { runs } = await bench.work(queue, (taken) => {
      if (taken.job.attemptsMade > 0) return completed();
      set();
      failedAt = performance.now();
      return failed(taken, DELAY_MS);
    });
    await bench.add(queue);
    await waitUntil(() => runs.length === 2, 'the retry');
    expect(performance.now() - failedAt).toBeGreaterThanOrEqual(DELAY_MS - 1);
  }),
  ...onEachStep('a schedule has each of its runs, once and on time', async (bench, set) => {
    const queue = bench.open({ minRepeatMs: EVERY_MS });
    const { broker } = bench;
    const begun: { dueAt: number; at: number }[] = [];
    await bench.work(queue, ({ job }) => {
      begun.push({ dueAt: Number(String(job.id).split(':')[2]), at: broker.now() });
      if (begun.length === 2) set();
      return completed();
    });
    const add = { name: 'job', data: {}, options: { repeat: { every: EVERY_MS } } };
    await broker.addOnce(queue, add);
    const addedAt = broker.now();
    await waitUntil(() => begun.length >= 4, 'runs under the wrong clock');
    expect(await broker.addOnce(queue, add)).toMatchObject({ schedule: 'unchanged' });
    await waitUntil(() => begun.length >= 7, 'runs after it was added again');
    begun.reduce(
      (before, run) => {
        expect(run.at).toBeGreaterThanOrEqual(run.dueAt - 1);
        expect(run.dueAt).toBeGreaterThan(before.dueAt);
        // One that begins late has the next run at the next time, and no later one.
        expect(run.dueAt).toBeLessThanOrEqual(Math.max(before.dueAt, before.at) + EVERY_MS);
        return run;
      },
      { dueAt: 0, at: addedAt },
    );
  }),
  ...onEachStep('a key is remembered as long as was asked for', async (bench, set) => {
    const queue = bench.open();
    const addedAt = performance.now();
    const id = await bench.add(queue, once('k', 'f', DELAY_MS));
    set();
    const again = await bench.add(queue, once('k', 'f', DELAY_MS));
    if (performance.now() - addedAt < DELAY_MS) expect(again).toBe(id);
    await waitUntil(
      async () => (await bench.add(queue, once('k', 'f', DELAY_MS))) !== id,
      'the key to be forgotten',
    );
    expect(performance.now() - addedAt).toBeGreaterThanOrEqual(DELAY_MS - 1);
  }),
  ...onEachStep('a job began after it was added and ended after it began', async (bench, set) => {
    const queue = bench.open();
    const first = await bench.add(queue, { options: { removeOnComplete: false } });
    set();
    await bench.work(queue);
    await bench.untilState(queue, first, 'completed');
    const { timestamp, processedOn = 0, finishedOn = 0 } = (await queue.getJob(first)) ?? {};
    expect(timestamp).toBeLessThanOrEqual(processedOn);
    expect(processedOn).toBeLessThanOrEqual(finishedOn);
    expect(bench.broker.now() - finishedOn).toBeLessThan(60_000);
    expect(bench.broker.now()).toBeGreaterThanOrEqual(finishedOn);
  }),
  ...onEachStep('the server report says how far it is off', async (bench, set) => {
    const queue = bench.open();
    await bench.add(queue);
    set();
    const { clockSkewMs } = await bench.broker.inspectServer();
    expect(Math.abs(Math.abs(clockSkewMs ?? 0) - 3_600_000)).toBeLessThan(5_000);
  }),
];
