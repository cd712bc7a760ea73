import type { Redis } from 'ioredis';
import { MemoryBroker } from '../../../src/message-queue/broker/memory/memory-broker.js';
import type { Broker } from '../../../src/message-queue/broker/broker.js';
import { randomFrom } from '../../support/random-from.js';
import { BrokerFixture, testQueue } from '../../support/redis-broker-fixture.js';
import { TestRedis } from '../../support/redis-server.js';
import { FlowRun } from './flow-run.js';
import type { ForeignHands } from './flow-run.js';
import { policyOf, randomShape } from './flow-shape.js';
import { Dice, finish, stepsOf } from './flow-steps.js';
import { redisHands, withoutSweep } from './redis-hands.js';

/** Set it to the seed of a failure to see that failure again. */
const seedText = process.env['CONFORMANCE_SEED'];
const firstSeed = seedText === undefined ? Date.now() % 2 ** 31 : Number(seedText);
/** Set it for many more. */
const SEEDS = Number(process.env['CONFORMANCE_SEEDS'] ?? 25);
const STEPS = 60;
const PATIENCE_MS = 10_000;

describe('Random steps on a queue with groups', () => {
  let redis: TestRedis;
  let client: Redis;
  let fixture: BrokerFixture;
  const totals: string[] = [];
  let queues = 0;
  let sweepAgain: () => void;

  beforeAll(async () => {
    sweepAgain = withoutSweep();
    redis = await TestRedis.start();
    client = redis.client();
    fixture = new BrokerFixture(redis);
  });
  afterAll(async () => {
    await fixture.close();
    client.disconnect();
    await redis.stop();
    sweepAgain();
    process.stdout.write(`Random groups, seeds from ${firstSeed}: ${totals.join(', ')}\n`);
  });

  /** @returns how many runs started */
  async function runOne(
    broker: Broker,
    foreign: ForeignHands | null,
    seed: number,
    isDisturbed: boolean,
  ): Promise<number> {
    const random = randomFrom(seed);
    const dice = new Dice(random);
    const shape = randomShape(random);
    const queue = broker.createQueue(testQueue(`flow-${(queues += 1)}`, { flow: policyOf(shape) }));
    const run = new FlowRun({ broker, queue, foreign, isDisturbed, patienceMs: PATIENCE_MS }, shape);
    const done: string[] = [];
    try {
      await run.begin();
      const steps = stepsOf(isDisturbed);
      for (let n = 0; n < STEPS; n++) {
        const what = await dice.weighted(steps)(run, dice);
        if (what === null) continue;
        done.push(what);
        await run.isQuiet();
        await run.check();
      }
      done.push('finish');
      await finish(run);
      await run.check();
      // A group whose last job was deleted by hand stays until it is used again.
      if (!isDisturbed) expect((await foreign?.leftovers(queue)) ?? []).toEqual([]);
      return run.model.starts;
    } catch (error) {
      const steps = done.map((step) => `  ${step}`).join('\n');
      throw new Error(`Seed ${seed}, ${JSON.stringify(shape)}, after\n${steps}\n${String(error)}`, {
        cause: error,
      });
    } finally {
      await run.stop();
    }
  }

  async function runAll(broker: Broker, foreign: ForeignHands | null, isDisturbed = false): Promise<void> {
    let starts = 0;
    for (let n = 0; n < SEEDS; n++) starts += await runOne(broker, foreign, firstSeed + n, isDisturbed);
    totals.push(`${broker.provider}${isDisturbed ? ' disturbed' : ''} ${SEEDS} seeds (${starts} starts)`);
  }

  it('in memory', async () => {
    const broker = new MemoryBroker();
    await runAll(broker, null);
    await broker.close();
  }, 600_000);

  // Nobody renews a lock or looks for lost jobs unless a step does: what is missing must be seen.
  const lock = { durationMs: 1e7, renewMs: 1e7, stalledCheckMs: 1e7 };

  it('on Redis', () => runAll(fixture.broker({ lock }), redisHands(client)), 600_000);

  it(
    'on Redis, with hands that delete jobs',
    () => runAll(fixture.broker({ lock, prefix: 'disturbed' }), redisHands(client), true),
    600_000,
  );
});
