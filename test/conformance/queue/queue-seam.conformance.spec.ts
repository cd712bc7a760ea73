import { TestRedis } from '../../support/redis-server.js';
import { addingCases } from './adding.cases.js';
import { cleaningCases } from './cleaning.cases.js';
import { eventCases } from './event.cases.js';
import { extraCases } from './extra.cases.js';
import { hostCases } from './host.cases.js';
import { orderingCases } from './ordering.cases.js';
import { pausingCases } from './pausing.cases.js';
import { QueueBench, bullProvider, memoryProvider } from './queue-bench.js';
import type { QueueCase } from './queue-bench.js';
import { retryingCases } from './retrying.cases.js';
import { runningCases } from './running.cases.js';
import { schedulingCases } from './scheduling.cases.js';
import { stateCases } from './state.cases.js';

const SUBJECTS: Readonly<Record<string, readonly QueueCase[]>> = {
  adding: addingCases,
  ordering: orderingCases,
  running: runningCases,
  retrying: retryingCases,
  states: stateCases,
  cleaning: cleaningCases,
  pausing: pausingCases,
  events: eventCases,
  scheduling: schedulingCases,
  extras: extraCases,
  hosts: hostCases,
};

let redis: TestRedis;
const passed: Record<string, number> = {};
const closing: Promise<void>[] = [];

beforeAll(async () => {
  redis = await TestRedis.start();
});

afterAll(async () => {
  await Promise.all(closing);
  await redis.stop();
  const counts = Object.entries(passed).map(([name, count]) => `${name} ${count} cases`);
  process.stdout.write(`Conformance of the queue seam: ${counts.join(', ')} passed\n`);
});

describe.each([bullProvider(() => redis), memoryProvider])('$name', (provider) => {
  describe.each(Object.entries(SUBJECTS))('%s', (_subject, cases) => {
    it.each(cases)('%s', async (_title, check) => {
      const bench = new QueueBench(provider);
      try {
        await check(bench);
        passed[provider.name] = (passed[provider.name] ?? 0) + 1;
      } finally {
        // Bull takes half a second to close a queue that waits for jobs; the next case need not wait with it.
        closing.push(bench.close());
      }
    });
  });
});
