import type { Queue } from 'bull';
import type { Redis } from 'ioredis';
import type { Broker } from '../../src/message-queue/broker/broker.js';
import { takeJobsScript } from '../../src/message-queue/broker/redis/scripts/take-jobs.lua.js';
import { addAll } from './add-all.js';

/** The facade's ten levels on Bull's scale, the most important first. */
export const ALL_LEVELS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const;

const BATCH = 1_000;

/** Adds jobs of all levels by turns, `from` the number of the first: their ids are `<level>-<number>`. */
export async function addBacklog(broker: Broker, queue: Queue, from: number, to: number): Promise<void> {
  for (let first = from; first < to; first += BATCH) {
    const requests = Array.from({ length: Math.min(BATCH, to - first) }, (_, i) => {
      const priority = ALL_LEVELS[((first + i) * 7) % ALL_LEVELS.length] ?? 1;
      return {
        name: 'job',
        data: { n: first + i },
        options: { jobId: `${priority}-${first + i}`, priority },
      };
    });
    await addAll(broker, queue, requests);
  }
}

/**
 * Takes all waiting jobs of {@link addBacklog} in calls of a worker.
 * @returns how many came
 * @throws Error at the first that came out of order or twice
 */
export async function takeBacklog(client: Redis, base: string): Promise<number> {
  client.defineCommand('takeBacklog', { numberOfKeys: 1, lua: takeJobsScript.lua });
  const commands = client as unknown as {
    takeBacklog(...args: unknown[]): Promise<[jobs: string[][], phantoms: string[], again: number]>;
  };
  let count = 0;
  let last: readonly [level: number, number: number] = [0, -1];
  for (;;) {
    const [jobs, phantoms, again] = await commands.takeBacklog(
      base,
      BATCH,
      Date.now(),
      'backlog',
      600_000,
      '',
    );
    if (phantoms.length > 0) throw new Error(`${phantoms.length} jobs had no hash.`);
    for (const job of jobs) {
      const [level = 0, number = 0] = (job[5] ?? '').split('-').map(Number);
      // Within a level the numbers only rise, so no job can come twice.
      if (level < last[0] || (level === last[0] && number <= last[1])) {
        throw new Error(`Job ${level}-${number} came after ${last.join('-')}.`);
      }
      last = [level, number];
    }
    count += jobs.length;
    if (jobs.length === 0 && again === 0) return count;
  }
}
