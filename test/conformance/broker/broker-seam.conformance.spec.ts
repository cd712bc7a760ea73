import { TestRedis } from '../../support/redis-server.js';
import { administrationCases } from './administration.cases.js';
import { BrokerBench, memoryBrokerProvider, redisBrokerProvider } from './broker-bench.js';
import type { BrokerCase } from './broker-bench.js';
import { deadLetterCases } from './dead-letter.cases.js';
import { enqueueCases } from './enqueue.cases.js';
import { hostQueueCases } from './host-queue.cases.js';
import { ruleCases } from './rules.cases.js';
import { workCases } from './work.cases.js';

const SUBJECTS: Readonly<Record<string, readonly BrokerCase[]>> = {
  enqueueing: enqueueCases,
  work: workCases,
  administration: administrationCases,
  'dead letters': deadLetterCases,
  rules: ruleCases,
  'queues of hosts': hostQueueCases,
};

let redis: TestRedis;
const passed: Record<string, number> = {};
const closing: Promise<void>[] = [];

beforeAll(async () => {
  redis = await TestRedis.start(['--maxmemory', '8gb']);
});

afterAll(async () => {
  await Promise.all(closing);
  await redis.stop();
  const counts = Object.entries(passed).map(([name, count]) => `${name} ${count} cases`);
  process.stdout.write(`Conformance of the broker seam: ${counts.join(', ')} passed\n`);
});

describe.each([redisBrokerProvider(() => redis), memoryBrokerProvider])('$name', (provider) => {
  describe.each(Object.entries(SUBJECTS))('%s', (_subject, cases) => {
    it.each(cases)('%s', async (_title, check) => {
      const bench = new BrokerBench(provider);
      try {
        await check(bench);
        passed[provider.name] = (passed[provider.name] ?? 0) + 1;
      } finally {
        // A case need not wait for the connections of the one before it to close.
        closing.push(bench.close());
      }
    });
  });
});
