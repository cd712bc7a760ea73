import type { Measurement } from '../measurement.js';
import { heapAfterCollection } from '../process/heap.js';
import { redisMemory } from '../process/redis-counters.js';
import { SUBJECTS } from '../subjects.js';
import { fill } from './drain.measurement.js';

/** What one waiting job takes: on the server, or in the heap of a provider that lives there. */
export const waitingMemoryMeasurement: Measurement = {
  id: 'memory',
  title: 'memory per waiting job of 300 bytes',
  subjects: SUBJECTS,
  mostRounds: 1,
  warmUp: false,
  async trial(stage) {
    const jobs = stage.jobs(20_000);
    const {
      queues: [queue],
    } = await stage.open();
    const used = (): Promise<number> =>
      stage.inProcess ? Promise.resolve(heapAfterCollection()) : redisMemory(stage.redis);
    // Buffers of the connections, and code that is compiled now, are no memory of a job.
    await fill(queue, 1_000);
    const before = await used();
    await fill(queue, jobs);
    return [{ row: '', unit: 'bytes', value: ((await used()) - before) / jobs }];
  },
};
