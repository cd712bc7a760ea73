import { chatMessage } from '../chat-message.js';
import type { Measurement } from '../measurement.js';
import type { Stage } from '../process/stage.js';
import type { Reading } from '../reading.js';
import type { BenchQueue } from '../subject.js';
import { BULLMQ, OURS, PLAIN_BULL } from '../subjects.js';
import { fill } from './drain.measurement.js';

const LEVELS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const MIDDLE = 5;
const ADDS = 200;
const REPEATS = 5;

/** Adds to a middle level, one by one. */
async function middleAdds(stage: Stage, queue: BenchQueue): Promise<Reading[]> {
  const readings: Reading[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const stop = stage.meter();
    const startedAt = performance.now();
    for (let n = 0; n < ADDS; n++) await queue.add(chatMessage(n), { level: MIDDLE });
    const micros = ((performance.now() - startedAt) * 1_000) / ADDS;
    const ofRedis = (await stop(ADDS)).filter(({ row }) => row === 'CPU of Redis per job');
    readings.push({ row: 'time of an add', unit: 'µs', value: micros }, ...ofRedis);
  }
  return readings;
}

/** As many jobs of every level as it takes; the most important first, which is quick for Bull too. */
async function fillLevels(queue: BenchQueue, jobs: number): Promise<void> {
  for (const level of LEVELS) await fill(queue, Math.round(jobs / LEVELS.length), undefined, level);
}

function lanesAt(id: string, waiting: number, slow: boolean): Measurement {
  return {
    id,
    title: `add to a middle level, ${waiting.toLocaleString('en')} of all levels waiting`,
    subjects: [PLAIN_BULL, BULLMQ, OURS],
    slow,
    mostRounds: 1,
    warmUp: false,
    trial: async (stage) => {
      const {
        queues: [queue],
      } = await stage.open();
      await middleAdds(stage, queue);
      if (waiting > 0) await fillLevels(queue, stage.jobs(waiting));
      return middleAdds(stage, queue);
    },
  };
}

/** What a job of a middle level costs its producer, and Redis, when many jobs wait. */
export const laneMeasurements: readonly Measurement[] = [
  lanesAt('lanes-0', 0, false),
  lanesAt('lanes-10k', 10_000, false),
  lanesAt('lanes-100k', 100_000, false),
  lanesAt('lanes-1m', 1_000_000, true),
];
