import { alert, announcement, batch, series } from '../../../../test/support/activity-batches.js';
import { addAll } from '../../../../test/support/add-all.js';
import { once } from '../../../../test/support/add-requests.js';
import { spawnSync } from 'node:child_process';
import {
  BrokerFixture,
  completed,
  failed,
  testQueue,
  workOn,
} from '../../../../test/support/redis-broker-fixture.js';
import { TestRedisCluster } from '../../../../test/support/redis-cluster.js';
import { TestRedisSentinel } from '../../../../test/support/redis-sentinel.js';
import { TestRedis } from '../../../../test/support/redis-server.js';
import { defineRate } from '../../jobs/flow/rate.js';
import { waitUntil } from '../../../../test/support/wait-until.js';

describe('Redis Cluster', () => {
  let cluster: TestRedisCluster;
  let fixture: BrokerFixture;

  beforeAll(async () => {
    cluster = await TestRedisCluster.start();
  });
  afterEach(() => fixture.close());
  afterAll(() => cluster.stop());

  beforeEach(() => {
    fixture = new BrokerFixture({ port: 0 });
  });

  it('runs jobs of every kind, each queue on a slot of its own', async () => {
    const redis = { topology: { kind: 'cluster', nodes: cluster.nodes }, db: 0, tls: false } as const;
    // A prefix whose queues are known to fall on different nodes.
    const options = { redis, prefix: 'chat' };
    const [producer, consumer] = [fixture.broker(options), fixture.broker(options)];
    const names = ['delivery', 'indexing', 'cleanup', 'batch'];
    const queues = names.map((name) => producer.createQueue(testQueue(name)));
    const seen = await Promise.all(
      names.map((name) =>
        workOn(consumer, consumer.createQueue(testQueue(name)), (taken) =>
          taken.job.name === 'fails' && taken.job.attemptsMade < 1 ? failed(taken, 50) : completed(),
        ),
      ),
    );
    for (const queue of queues) {
      await producer.addOnce(queue, { name: 'job', data: {}, options: { priority: 3 } });
      await producer.addOnce(queue, {
        ...{ name: 'fails', data: {}, options: { delay: 100 } },
        ...once('k'),
      });
      await addAll(
        producer,
        queue,
        Array.from({ length: 20 }, () => ({ name: 'job', data: {}, options: {} })),
      );
      await queue.add('job', {}, { repeat: { every: 1_000 } });
    }
    for (const [i, queue] of queues.entries()) {
      await waitUntil(
        async () => (await producer.snapshot(queue)).completed >= 24,
        `the jobs of ${names[i]}`,
        60_000,
      );
      expect(seen[i]?.seen.filter((run) => run.id.startsWith('repeat')).length).toBeGreaterThanOrEqual(2);
    }
    const keys = await cluster.keys('{chat:*');
    expect(keys.filter((found) => found.length > 0).length).toBeGreaterThan(1);
    // What is known of all queues together is one key.
    const untagged = (await cluster.keys('*')).flat().filter((key) => !key.startsWith('{'));
    expect(untagged.filter((key) => key !== 'chat:mq-queues')).toEqual([]);
    const report = await producer.inspectServer();
    expect(report).toMatchObject({ reachable: true, version: '7.0' });
    await queues[0]?.obliterate({ force: true });
    expect(fixture.problems.filter(({ kind }) => kind !== 'connection')).toEqual([]);
  });

  it.each(['what', '{what}', 'a}b'])('keeps what happened together, with the prefix %s', async (prefix) => {
    const redis = { topology: { kind: 'cluster', nodes: cluster.nodes }, db: 0, tls: false } as const;
    const broker = fixture.broker({ redis, prefix });
    const names = ['delivery', 'indexing', 'cleanup', 'batch'];
    for (const name of names) {
      const queue = broker.createQueue(testQueue(name));
      await broker.addOnce(queue, { name: 'job', data: {}, options: {} });
    }
    const { activity } = fixture.broker({ redis, prefix });
    const counted = names.map((queue) => series({ added: 1 }, { queue, job: 'job' }));
    await activity.flush(batch('a', 1, { series: counted, announced: names.map(announcement) }));
    expect(await activity.holdLeadership('a', 10_000)).toBe(true);
    expect(await activity.moveAlert(alert(1))).toBe(true);
    await activity.note({
      ...{ by: 'ann', action: 'pause', target: 'batch', filter: null, count: null, reason: null },
      ...{ outcome: 'done', via: 'cli' },
    });
    const look = await activity.look(names);
    expect([...look.counts.values()].map(({ waiting }) => waiting)).toEqual([1, 1, 1, 1]);
    expect(new Set(look.minutes.map(({ queue }) => queue))).toEqual(new Set(names));
    expect([look.instances.length, look.announced.length, look.alerts.length]).toEqual([1, 4, 1]);
    const hour = Math.floor(look.at / 3_600_000);
    expect((await activity.history('batch', hour - 30, hour)).length).toBeGreaterThan(0);
    expect(await activity.notes({ limit: 9 })).toHaveLength(1);
    const nodes = await cluster.keys(`${prefix}:{ops}:*`);
    expect(nodes.filter((keys) => keys.length > 0)).toHaveLength(1);
  });

  it('keeps a rate that jobs ask while they run on one slot', async () => {
    const redis = { topology: { kind: 'cluster', nodes: cluster.nodes }, db: 0, tls: false } as const;
    for (const prefix of ['asked', '{asked}']) {
      const { rates } = fixture.broker({ redis, prefix });
      const rate = defineRate('provider', { limit: 1, perMs: 60_000 });
      expect(await rates.reserve(rate, 'a')).toBe(0);
      expect(await rates.reserve(rate, 'b')).toBeGreaterThan(50_000);
      await rates.close(rate, 600_000);
      expect(await rates.reserve(rate, 'b')).toBeGreaterThan(550_000);
    }
  });

  it.each(['emptied', 'came-back-empty'] as const)(
    'says once for each queue of a node that its data is gone: %s',
    async (kind) => {
      const redis = { topology: { kind: 'cluster', nodes: cluster.nodes }, db: 0, tls: false } as const;
      const prefix = `loss-${kind}`;
      const fleet = [fixture.broker({ redis, prefix }), fixture.broker({ redis, prefix })];
      const names = ['delivery', 'indexing', 'cleanup', 'batch'];
      for (const broker of fleet) {
        for (const name of names) broker.createQueue(testQueue(name));
        expect((await broker.inspectServer()).loss).toBeUndefined();
      }
      const records = await cluster.keys(`{${prefix}:*mq:epoch`);
      const node = records.findIndex((keys) => keys.length > 0);
      const lost = names.filter((name) => records[node]?.some((key) => key.includes(`:${name}}`)));
      const server = cluster.servers[node];
      if (server === undefined || lost.length === 0) throw new Error(`No queues: ${JSON.stringify(records)}`);
      if (kind === 'emptied') {
        const client = server.client();
        await client.flushall();
        client.disconnect();
      } else {
        await server.kill();
        await server.spawn();
      }
      for (const broker of fleet) {
        const loss = await waitUntil(async () => (await broker.inspectServer()).loss, 'the loss');
        expect(loss.kind).toBe(kind);
      }
      const told = fixture.problems
        .filter((problem) => problem.kind === 'loss')
        .map(({ message }) => message);
      expect(told.map((message) => names.find((name) => message.includes(`:${name}}`))).sort()).toEqual(
        lost.sort(),
      );
      expect(await fleet[1]?.acknowledgeLoss()).toBe(true);
      for (const broker of fleet) expect((await broker.inspectServer()).loss).toBeUndefined();
    },
  );
});

describe('Redis Sentinel', () => {
  it.each(['kill', 'freeze'] as const)(
    'goes on after a %s of the master, and loses nothing',
    async (fault) => {
      const sentinel = await TestRedisSentinel.start();
      const fixture = new BrokerFixture({ port: 0 });
      try {
        const { sentinels, masterName } = sentinel;
        const redis = { topology: { kind: 'sentinel', masterName, sentinels }, db: 0, tls: false } as const;
        const broker = fixture.broker({ redis, socketTimeoutMs: 2_000 });
        const queue = broker.createQueue(testQueue());
        const { seen } = await workOn(broker, queue);
        await broker.addOnce(queue, { name: 'job', data: { n: 0 }, options: {} });
        await waitUntil(() => seen.length === 1, 'the first job');
        if (fault === 'kill') await sentinel.master.kill();
        else sentinel.master.signal('SIGSTOP');
        await sentinel.failedOver();
        const { id } = await broker.addOnce(queue, {
          name: 'job',
          data: { n: 1 },
          options: {},
          deadlineMs: 60_000,
        });
        await waitUntil(() => seen.some((run) => run.id === id), 'the job after the failover');
      } finally {
        await fixture.close();
        await sentinel.stop();
      }
    },
    90_000,
  );
});

describe('user, password and database', () => {
  it('connects with a password and a database number, and says why it cannot', async () => {
    const server = await TestRedis.start();
    const cli = (...args: string[]): string =>
      spawnSync('redis-cli', ['-p', String(server.port), ...args], { encoding: 'utf8' }).stdout;
    cli('ACL', 'SETUSER', 'app', 'on', '>s3cret', '~*', '&*', '+@all');
    const fixture = new BrokerFixture(server);
    try {
      const topology = { kind: 'single', host: '127.0.0.1', port: server.port } as const;
      const broker = fixture.broker({
        redis: { topology, db: 3, tls: false, username: 'app', password: 's3cret' },
      });
      const queue = broker.createQueue(testQueue());
      const { seen } = await workOn(broker, queue);
      await broker.addOnce(queue, { name: 'job', data: {}, options: {} });
      await waitUntil(() => seen.length === 1, 'the job');
      await waitUntil(
        () => cli('-n', '3', 'KEYS', `${fixture.prefix}:*`).includes(`${fixture.prefix}:work:completed`),
        'its end in database 3',
      );
      const refused = fixture.broker({
        redis: { topology, db: 0, tls: false, username: 'app', password: 'wrong' },
      });
      await refused.inspectServer();
      expect(fixture.problems.some(({ message }) => message.includes('WRONGPASS'))).toBe(true);
    } finally {
      await fixture.close();
      await server.stop();
    }
  });
});
