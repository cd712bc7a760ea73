import type { Redis } from 'ioredis';
import { MemoryBroker } from '../../../src/message-queue/broker/memory/memory-broker.js';
import type { Broker } from '../../../src/message-queue/broker/broker.js';
import { BrokerFixture } from '../../support/redis-broker-fixture.js';
import { TestRedis } from '../../support/redis-server.js';
import type { ForeignHands } from './flow-run.js';
import { runSeed } from './flow-seed.js';
import { redisHands, withoutSweep } from './redis-hands.js';

/** Set it to the seed of a failure to see that failure again. */
const seedText = process.env['CONFORMANCE_SEED'];
const firstSeed = seedText === undefined ? Date.now() % 2 ** 31 : Number(seedText);
/** Set it for many more. */
const SEEDS = Number(process.env['CONFORMANCE_SEEDS'] ?? 25);
const PATIENCE_MS = 10_000;

describe('Random steps on a queue with groups', () => {
  let redis: TestRedis;
  let client: Redis;
  let fixture: BrokerFixture;
  const totals: string[] = [];
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

  async function runAll(broker: Broker, foreign: ForeignHands | null, isDisturbed = false): Promise<void> {
    let starts = 0;
    for (let n = 0; n < SEEDS; n++) {
      starts += await runSeed({ broker, foreign, isDisturbed, patienceMs: PATIENCE_MS }, firstSeed + n);
    }
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
