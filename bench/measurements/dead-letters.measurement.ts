import { setTimeout as sleep } from 'node:timers/promises';
import type { Measurement } from '../measurement.js';
import type { Stage } from '../process/stage.js';
import type { Reading } from '../reading.js';
import type { BenchHost } from '../subject.js';
import { OURS, OURS_IN_MEMORY } from '../subjects.js';
import { fill } from './drain.measurement.js';

/** Jobs that fail at the same time while the letters are made. */
const CONCURRENCY = 100;
const STEP = 1_000;
const REPEATS = 5;

/** Adds jobs that fail for good at their only attempt. */
async function bury({ queues: [queue], deadLetters }: BenchHost, count: number): Promise<void> {
  const stop = await queue.work(() => {
    throw new TypeError('connect ECONNREFUSED 10.0.0.7:25');
  });
  for (let n = 0; n < count; n += STEP) {
    await fill(queue, Math.min(STEP, count - n));
    // Not all at once: what waits for the worker takes memory too.
    while (((await deadLetters?.count()) ?? n) < n) await sleep(5);
  }
  while (((await deadLetters?.count()) ?? count) < count) await sleep(5);
  await stop();
}

async function timed(row: string, work: () => Promise<unknown>): Promise<Reading> {
  const startedAt = performance.now();
  await work();
  return { row, unit: 'ms', value: performance.now() - startedAt };
}

async function trial(stage: Stage, count: number): Promise<Reading[]> {
  const letters = stage.jobs(count);
  const host = await stage.open({ concurrency: CONCURRENCY, attempts: 1 });
  const { deadLetters } = host;
  if (deadLetters === undefined) throw new Error('The contestant has no dead letters.');
  await bury(host, letters);
  const readings: Reading[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    readings.push(
      await timed('page of 50', () => deadLetters.page(50)),
      await timed('counts by queue, job and error', () => deadLetters.count()),
      await timed('groups of the newest 10 000', () => deadLetters.groups()),
    );
  }
  const replay = await timed('replay all', async () => {
    const replayed = await deadLetters.replayAll();
    if (replayed !== letters) throw new Error(`${replayed} of ${letters} dead letters were replayed.`);
  });
  return [...readings, replay];
}

/** What it takes to look at many dead letters, and to put all of them back. */
export const deadLetterMeasurements: readonly Measurement[] = [10_000, 100_000].map((count) => ({
  id: `dead-letters-${count}`,
  title: `${count.toLocaleString('en')} dead letters`,
  subjects: [OURS, OURS_IN_MEMORY],
  slow: count > 10_000,
  mostRounds: 1,
  warmUp: false,
  trial: (stage) => trial(stage, count),
}));
