import { once } from '../../../../../test/support/add-requests.js';
import { testQueue } from '../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';

const KEYS = 2_000;
/** What docs/operations.md says of a key, bytes of Redis' memory. */
const MOST_BYTES = 450;

describe('the ledger of idempotency keys', () => {
  const stage = redisStage();

  it(`takes at most ${MOST_BYTES} bytes of Redis a key`, async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue('keyed'));
    // As long as one of a sealed queue, with the id of its key.
    const fingerprint = 'f'.repeat(66);
    const requests = Array.from({ length: KEYS }, (_, n) => ({
      ...{ name: 'job', data: { n }, options: {} },
      ...once(`order-${n}`, fingerprint),
    }));
    const used = async (): Promise<number> =>
      Number(/used_memory:(\d+)/.exec(await stage.client.info('memory'))?.[1]);
    await broker.addMany(queue, requests);
    const keys = await stage.client.keys(`${stage.fixture.prefix}:keyed:mq:once:*`);
    expect(keys).toHaveLength(KEYS);
    expect(await stage.client.zcard(queue.toKey('mq:keys'))).toBe(KEYS);
    const before = await used();
    await stage.client.del(queue.toKey('mq:keys'), ...keys);
    const bytes = (before - (await used())) / KEYS;
    process.stdout.write(`An idempotency key takes ${Math.round(bytes)} bytes of Redis\n`);
    expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
  });
});
