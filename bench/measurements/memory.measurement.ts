import type { Measurement } from '../measurement.js';
import { fill } from './drain.measurement.js';
import { heapAfterCollection } from './heap.js';
import { interleaved } from './interleaved.js';

/** What one waiting job takes: on the server, or in this process's heap for a provider that lives there. */
export const memoryMeasurement: Measurement = {
  id: 'memory',
  async run(context, subjects) {
    const jobs = context.jobs(50_000);
    const title = 'memory per waiting job';
    const samples = await interleaved(
      context,
      subjects,
      { what: title, concurrency: 10 },
      async (queue, { inProcess }) => {
        const used = inProcess ? async () => heapAfterCollection() : () => context.usedMemory();
        const before = await used();
        await fill(queue, jobs);
        return ((await used()) - before) / jobs;
      },
    );
    return [{ title, unit: 'bytes', samples }];
  },
};
