import { NO_FLOW } from '../../groups-of-queue.js';
import type { Queue } from 'bull';
import type { Redis } from 'ioredis';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import { testQueue } from '../../../../../test/support/redis-broker-fixture.js';
import { TestRedisCluster } from '../../../../../test/support/redis-cluster.js';
import { BrokerFixture } from '../../../../../test/support/redis-broker-fixture.js';
import type { RedisBroker } from '../redis-broker.js';

const EMPTY = {
  ...{ waiting: 0, active: 0, delayed: 0, completed: 0, failed: 0, paused: 0 },
  ...{
    isPaused: false,
    unknown: 0,
    oldestWaitingAt: null,
    failedDropped: 0,
    failedDroppedAt: null,
    keysForgotten: 0,
    keysForgottenAt: null,
    wrongKeys: [],
    expired: 0,
    flow: NO_FLOW,
  },
};

async function scriptCalls(client: Redis): Promise<number> {
  const stats = await client.info('commandstats');
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

function queuesOf(broker: RedisBroker, count: number): Queue[] {
  return Array.from({ length: count }, (_, i) => broker.createQueue(testQueue(`queue-${i}`)));
}

describe('counting the jobs of many queues', () => {
  const stage = redisStage();

  it.each([
    [100, 1],
    [250, 3],
  ])('asks Redis about %i queues in %i call(s) of one round trip', async (count, calls) => {
    const broker = stage.fixture.broker();
    const queues = queuesOf(broker, count);
    await Promise.all(
      queues.map((queue, i) =>
        queue.addBulk(Array.from({ length: i % 3 }, () => ({ name: 'job', data: {}, opts: {} }))),
      ),
    );
    await broker.snapshot(queues[0]!);
    const before = await scriptCalls(stage.client);
    const snapshots = await Promise.all(queues.map((queue) => broker.snapshot(queue)));
    expect((await scriptCalls(stage.client)) - before).toBe(calls);
    expect(snapshots.map(({ waiting }) => waiting)).toEqual(queues.map((_, i) => i % 3));
  });

  it('answers everybody who asks about the same queue', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    expect(await Promise.all([broker.snapshot(queue), broker.snapshot(queue)])).toEqual([EMPTY, EMPTY]);
  });

  it('counts nothing of a queue with a key of another type, and says which one it is', async () => {
    const broker = stage.fixture.broker();
    const queues = queuesOf(broker, 3);
    const key = `${stage.fixture.prefix}:queue-1:delayed`;
    await stage.client.set(key, 'no set');
    const wrongKeys = [{ key, holds: 'string', belongs: 'zset' }];
    expect(await Promise.all(queues.map((queue) => broker.snapshot(queue)))).toMatchObject([
      ...[EMPTY, { ...EMPTY, wrongKeys }, EMPTY],
    ]);
  });

  it('refuses once the broker is closed, although no connection was ever opened', async () => {
    const broker = stage.fixture.broker();
    const queues = queuesOf(broker, 2);
    await broker.close();
    const outcomes = await Promise.allSettled(queues.map((queue) => broker.snapshot(queue)));
    const closed = { status: 'rejected', reason: { message: expect.stringMatching(/are closed/) as string } };
    expect(outcomes).toMatchObject([closed, closed]);
  });
});

describe('counting the jobs of many queues on a Cluster', () => {
  let cluster: TestRedisCluster;
  let fixture: BrokerFixture;

  beforeAll(async () => {
    cluster = await TestRedisCluster.start();
    fixture = new BrokerFixture({ port: 0 });
  });
  afterAll(async () => {
    await fixture.close();
    await cluster.stop();
  });

  it.each(['chat', '{chat}'])('works with the prefix %s', async (prefix) => {
    const redis = { topology: { kind: 'cluster', nodes: cluster.nodes }, db: 0, tls: false } as const;
    const broker = fixture.broker({ redis, prefix });
    const queues = queuesOf(broker, 5);
    for (const queue of queues) await broker.addOnce(queue, { name: 'job', data: {}, options: {} });
    const snapshots = await Promise.all(queues.map((queue) => broker.snapshot(queue)));
    expect(snapshots.map(({ waiting }) => waiting)).toEqual([1, 1, 1, 1, 1]);
  });
});
