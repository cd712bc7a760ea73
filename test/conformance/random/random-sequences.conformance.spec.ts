import * as fc from 'fast-check';
import Bull from 'bull';
import type { Queue } from 'bull';
import { MemoryQueue } from '../../../src/message-queue/broker/memory/bull/queue/memory-queue.js';
import { ManualClock } from '../../../src/kernel/time/manual-clock.js';
import { BrokerFixture, testQueue } from '../../support/redis-broker-fixture.js';
import { TestRedis } from '../../support/redis-server.js';
import { commandsOf } from './queue-commands.js';
import type { Dialect } from './queue-commands.js';
import { QueueModel } from './queue-model.js';
import type { QueueUnderTest } from './queue-under-test.js';

/** Set it to the seed of a failure to see that failure again. */
const seedText = process.env['CONFORMANCE_SEED'];
const seed = seedText === undefined ? Date.now() % 2 ** 31 : Number(seedText);

const ORDERS = ['lifo', 'priority'] as const;

function memorySubject(): QueueUnderTest {
  const clock = new ManualClock();
  const queue = new MemoryQueue('random', { clock, settings: { drainDelay: 0 } });
  return {
    queue,
    taken: new Map(),
    steps: 0,
    exactFinishOrder: true,
    advance: async (ms) => {
      await clock.advance(ms);
      queue.promoteDue();
    },
  };
}

/** Runs sequences of commands; fast-check prints the seed and the shrunk commands of one that fails. */
async function assertSequences(
  dialect: Dialect,
  sizes: { runs: number; commands: number },
  subjects: () => Promise<QueueUnderTest[]>,
): Promise<number> {
  let steps = 0;
  const sequences = fc.commands(commandsOf(dialect), { maxCommands: sizes.commands, size: 'max' });
  const property = fc.asyncProperty(sequences, async (commands) => {
    for (const subject of await subjects()) {
      try {
        await fc.asyncModelRun(() => ({ model: new QueueModel(), real: subject }), commands);
        steps += subject.steps;
      } finally {
        await subject.queue.close(true);
      }
    }
  });
  await fc.assert(property, { numRuns: sizes.runs, seed, endOnFailure: false });
  return steps;
}

describe('Random sequences of commands', () => {
  let redis: TestRedis;
  const totals: string[] = [];

  beforeAll(async () => {
    redis = await TestRedis.start();
  });

  afterAll(async () => {
    await redis.stop();
    process.stdout.write(`Random conformance, seed ${seed}: ${totals.join(', ')}\n`);
  });

  it.each(ORDERS)(
    'memory against the model, 250 sequences of up to 60 commands (%s)',
    async (order) => {
      const dialect = { order, exactFinishOrder: true, canAdvance: true };
      const steps = await assertSequences(dialect, { runs: 250, commands: 60 }, async () => [
        memorySubject(),
      ]);
      totals.push(`memory ${order} 250 sequences (${steps} commands)`);
    },
    120_000,
  );

  it.each(ORDERS)(
    'Bull on Redis and memory against the model, 25 sequences of up to 30 commands (%s)',
    async (order) => {
      const dialect = { order, exactFinishOrder: false, canAdvance: false };
      let queues = 0;
      const bullSubject = (): QueueUnderTest => {
        const queue: Queue = new Bull(`random-${order}-${(queues += 1)}`, redis.url, {
          settings: { drainDelay: 1 },
        });
        return { queue, taken: new Map(), steps: 0, exactFinishOrder: false, advance: null };
      };
      const steps = await assertSequences(dialect, { runs: 25, commands: 30 }, async () => [
        bullSubject(),
        memorySubject(),
      ]);
      totals.push(`Redis beside memory ${order} 25 sequences (${steps} commands)`);
    },
    120_000,
  );

  it('our queue on Redis and memory against the model, LIFO and priorities mixed, 60 sequences of up to 40 commands', async () => {
    const fixture = new BrokerFixture(redis);
    const dialect = { order: 'mixed', exactFinishOrder: false, canAdvance: false, namesJobs: true } as const;
    const broker = fixture.broker();
    let queues = 0;
    const ourSubject = (): QueueUnderTest => {
      const queue = broker.createQueue(testQueue(`ours-${(queues += 1)}`));
      return { queue, taken: new Map(), steps: 0, exactFinishOrder: false, advance: null };
    };
    const steps = await assertSequences(dialect, { runs: 60, commands: 40 }, async () => [
      ourSubject(),
      memorySubject(),
    ]);
    totals.push(`our queue on Redis 60 sequences (${steps} commands)`);
    await fixture.close();
  }, 120_000);
});
