import { Redis } from 'ioredis';
import { BrokerFixture, testQueue, workOn } from '../../../../../test/support/redis-broker-fixture.js';
import { TestRedis } from '../../../../../test/support/redis-server.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';

describe('RedisConnections', () => {
  let redis: TestRedis;
  let probe: Redis;

  beforeAll(async () => {
    redis = await TestRedis.start();
    probe = new Redis(redis.port);
  });
  afterAll(async () => {
    probe.disconnect();
    await redis.stop();
  });

  const count = async (): Promise<number> =>
    String(await probe.client('LIST'))
      .trim()
      .split('\n').length - 1;
  const settles = (expected: number) =>
    waitUntil(async () => (await count()) === expected, `${expected} connections`);

  it('opens two for a producer of six queues that listens to events, and closes them', async () => {
    const fixture = new BrokerFixture(redis);
    const broker = fixture.broker();
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const queue = broker.createQueue(testQueue(name));
      await queue.add('job', {});
      queue.on('global:completed', () => undefined);
      await queue.getJobCounts();
    }
    await settles(2);
    await fixture.close();
    await settles(0);
  });

  it('opens one more per queue that it works on, and closes them all', async () => {
    const fixture = new BrokerFixture(redis);
    const broker = fixture.broker();
    for (const name of ['a', 'b', 'c']) {
      const queue = broker.createQueue(testQueue(name));
      await workOn(broker, queue);
      await queue.add('job', {});
    }
    broker.createQueue(testQueue('not-worked-on'));
    await settles(5);
    await Promise.all([fixture.close(), fixture.close()]);
    await settles(0);
    expect(fixture.problems).toEqual([]);
  });

  it('names the connections of workers as Bull does', async () => {
    const fixture = new BrokerFixture(redis);
    const broker = fixture.broker();
    const queue = broker.createQueue(testQueue());
    await workOn(broker, queue);
    const workers = await waitUntil(async () => {
      const found = await queue.getWorkers();
      return found.length === 1 ? found : null;
    }, 'one worker');
    expect(workers[0]).toMatchObject({ name: 'work' });
    await fixture.close();
  });

  it('closes within seconds although Redis does not answer', async () => {
    for (const break_ of ['kill', 'freeze'] as const) {
      const own = await TestRedis.start();
      const fixture = new BrokerFixture(own);
      const broker = fixture.broker();
      const queue = broker.createQueue(testQueue());
      await workOn(broker, queue);
      await queue.add('job', {});
      if (break_ === 'kill') await own.kill();
      else own.signal('SIGSTOP');
      await fixture.close();
      await own.stop();
    }
  });
});
