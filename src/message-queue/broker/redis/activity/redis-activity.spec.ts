import type { Redis } from 'ioredis';
import { alert, announcement, batch, counted, series } from '../../../../../test/support/activity-batches.js';
import { BrokerFixture, testQueue } from '../../../../../test/support/redis-broker-fixture.js';
import { TestRedis } from '../../../../../test/support/redis-server.js';
import { RedisTap } from '../../../../../test/support/redis-tap.js';
import { TcpProxy } from '../../../../../test/support/tcp-proxy.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import type { RedisBroker } from '../redis-broker.js';

const HOUR_MS = 3_600_000;

describe('what happened, in Redis', () => {
  let redis: TestRedis;
  let admin: Redis;
  let fixture: BrokerFixture;
  let broker: RedisBroker;
  let proxy: TcpProxy | null;

  beforeAll(async () => {
    redis = await TestRedis.start();
    admin = redis.client();
  });
  beforeEach(() => {
    fixture = new BrokerFixture(redis);
    broker = fixture.broker();
    proxy = null;
  });
  afterEach(async () => {
    await fixture.close();
    await proxy?.stop();
  });
  afterAll(async () => {
    admin.disconnect();
    await redis.stop();
  });

  const key = (name: string): string => `${fixture.prefix}:{ops}:${name}`;

  /** Another process, which reaches Redis through a proxy. */
  async function behindProxy(): Promise<{ readonly proxy: TcpProxy; readonly far: RedisBroker }> {
    proxy = await TcpProxy.start(redis.port);
    const topology = { kind: 'single', host: '127.0.0.1', port: proxy.port } as const;
    return { proxy, far: fixture.broker({ redis: { topology, db: 0, tls: false } }) };
  }

  it('looks at all queues in two commands that leave together, before any answer', async () => {
    const { proxy: middle, far } = await behindProxy();
    const names = Array.from({ length: 14 }, (_, i) => `queue-${i}`);
    await far.activity.look(names);
    const tap = await RedisTap.on(redis.client());
    const calls = async (): Promise<number> => (await tap.text()).match(/ "evalsha" /g)?.length ?? 0;
    middle.swallowReplies();
    const before = await calls();
    const looking = far.activity.look(names);
    await waitUntil(async () => (await calls()) - before === 2, 'both commands, although none was answered');
    middle.heal();
    middle.cut();
    expect((await looking).counts.size).toBe(14);
    tap.close();
  });

  it('writes to its connection once for a look', async () => {
    const names = Array.from({ length: 14 }, (_, i) => `queue-${i}`);
    const { proxy: middle, far } = await behindProxy();
    await far.activity.look(names);
    const { requests } = middle;
    for (let i = 0; i < 10; i++) await far.activity.look(names);
    expect(middle.requests - requests).toBe(10);
  });

  it('asks as much of Redis with 10 jobs waiting as with 5 000', async () => {
    const queue = broker.createQueue(testQueue());
    const commands = async (): Promise<number> => {
      await admin.config('RESETSTAT');
      await broker.activity.look(['work']);
      const stats = await admin.info('commandstats');
      return [...stats.matchAll(/cmdstat_(?!info|config|ping|time)[^:]+:calls=(\d+)/g)].reduce(
        (sum, [, calls]) => sum + Number(calls),
        0,
      );
    };
    const addUpTo = async (count: number): Promise<void> => {
      const jobs = Array.from({ length: count }, () => ({ name: 'job', data: {}, options: {} }));
      await broker.addMany(queue, jobs);
    };
    await broker.activity.look(['work']);
    await addUpTo(10);
    const few = await commands();
    await addUpTo(4_990);
    expect(await commands()).toBe(few);
    expect((await broker.activity.look(['work'])).counts.get('work')?.waiting).toBe(5_000);
  });

  it('counts nothing twice when 1 000 replies are lost, and nothing less', async () => {
    const { proxy: middle, far } = await behindProxy();
    const processes = Array.from({ length: 50 }, (_, i) => `p${i}`);
    let lost = 0;
    for (let seq = 1; seq <= 20; seq++) {
      await far.activity.look([]);
      middle.swallowReplies();
      const flushes = processes.map((id) =>
        far.activity.flush(batch(id, seq, { series: [series({ added: 1, runMs: 0.5 })] })),
      );
      const ofLast = `${seq} `;
      await waitUntil(
        async () => (await admin.hget(key('instances'), 'p49'))?.startsWith(ofLast) === true,
        'Redis to have counted',
      );
      middle.heal();
      middle.cut();
      lost += (await Promise.all(flushes)).filter(({ isNew }) => !isNew).length;
    }
    expect(lost).toBe(1_000);
    expect((await broker.activity.look([])).totals.get('chat')).toEqual({ added: 1_000, runMs: 500 });
  });

  it('refuses while Redis is away, and takes the same batch once when it is back', async () => {
    const { proxy: middle, far } = await behindProxy();
    const one = batch('a', 1, { series: [series({ added: 1 })] });
    await far.activity.look([]);
    middle.refuse();
    await expect(far.activity.flush(one)).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
    await expect(far.activity.look(['chat'])).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
    middle.heal();
    // Its client may have kept the first one, and sends it then.
    await far.activity.flush(one);
    expect(await far.activity.flush(one)).toMatchObject({ isNew: false });
    expect((await broker.activity.look([])).totals.get('chat')).toEqual({ added: 1 });
  });

  it('keeps an hour for the history and two hours more, from its first write on', async () => {
    await broker.activity.flush(batch('a', 1, { series: [series({ added: 1 })] }));
    const [hour = ''] = await admin.keys(key('m:*'));
    expect((await admin.pttl(hour)) / HOUR_MS).toBeCloseTo(74, 1);
    await admin.pexpire(hour, 10 * HOUR_MS);
    await broker.activity.flush(batch('a', 2, { series: [series({ added: 1 })] }));
    expect((await admin.pttl(hour)) / HOUR_MS).toBeCloseTo(10, 1);
  });

  it('asks for what it was told of queues once it is emptied', async () => {
    const announced = [announcement('chat')];
    await broker.activity.flush(batch('a', 1, { announced }));
    expect(await broker.activity.flush(batch('a', 2))).toMatchObject({ announceAgain: false });
    await admin.del(...(await admin.keys(key('*'))));
    expect(await broker.activity.flush(batch('a', 3))).toMatchObject({ announceAgain: true });
  });

  it('goes on beside keys that hold something else, and says which they are', async () => {
    const hour = Math.floor(Date.now() / HOUR_MS);
    const wrong = { queues: 'hash', alerts: 'hash', totals: 'hash', deploys: 'zset', audit: 'stream' };
    for (const name of Object.keys(wrong)) await admin.set(key(name), 'mine');
    for (const at of [hour, hour + 1]) await admin.set(key(`m:mail:${at}`), 'mine');
    await admin.rpush(key('leader'), 'mine');
    const { activity } = broker;
    const both = [series({ added: 1 }), series({ added: 2 }, { queue: 'mail' })];
    const announced = [announcement('chat')];
    expect(await activity.flush(batch('a', 1, { series: both, announced }))).toMatchObject({ isNew: true });
    const { minutes, instances, wrongKeys } = await activity.look(['chat', 'mail']);
    expect(minutes.map(({ queue, record }) => [queue, counted(record, 'added')])).toEqual([['chat', 1]]);
    expect(instances).toHaveLength(1);
    const told = Object.fromEntries(
      wrongKeys.map(({ key: name, holds, belongs }) => [name, [holds, belongs]]),
    );
    expect(told).toMatchObject({
      ...Object.fromEntries(Object.entries(wrong).map(([name, belongs]) => [key(name), ['string', belongs]])),
      [key('leader')]: ['list', 'string'],
    });
    const refused = {
      code: 'BROKER_UNAVAILABLE',
      message: expect.stringMatching(/Something else wrote/) as string,
    };
    await expect(activity.moveAlert(alert(1))).rejects.toMatchObject(refused);
    await expect(activity.holdLeadership('a', 1_000)).rejects.toMatchObject(refused);
    await expect(activity.notes({ limit: 1 })).rejects.toMatchObject(refused);
    await expect(activity.history('mail', hour, hour + 1)).rejects.toMatchObject(refused);
  });

  it.each(['seen', 'instances'])('counts nothing while %s is something else', async (name) => {
    await admin.set(key(name), 'mine');
    const one = batch('a', 1, { series: [series({ added: 1 })] });
    await expect(broker.activity.flush(one)).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
    expect((await broker.activity.look([])).wrongKeys).toMatchObject([{ key: key(name), holds: 'string' }]);
    await admin.del(key(name));
    expect(await broker.activity.flush(one)).toMatchObject({ isNew: true });
    expect((await broker.activity.look([])).totals.get('chat')).toEqual({ added: 1 });
  });

  it('leaves out what it cannot read, and counts on', async () => {
    const { activity } = broker;
    await activity.flush(batch('a', 1, { series: [series({ added: 1 })] }));
    const [hour = ''] = await admin.keys(key('m:*'));
    const fields = await admin.hkeys(hour);
    for (const field of fields) await admin.hset(hour, field, 'no MessagePack \u00ff');
    for (const name of ['queues', 'alerts', 'instances']) await admin.hset(key(name), 'a', '{no JSON');
    await admin.zadd(key('seen'), 'GT', Date.now(), 'a');
    expect(await activity.look(['chat'])).toMatchObject({
      minutes: [],
      instances: [],
      alerts: [],
      announced: [],
    });
    await activity.flush(batch('a', 2, { series: [series({ added: 5 })] }));
    const { minutes } = await activity.look(['chat']);
    expect(minutes.map(({ record }) => counted(record, 'added'))).toEqual([5]);
  });

  it('is counted while Redis is full, and although it forgot its scripts', async () => {
    await broker.activity.flush(batch('a', 1));
    await admin.config('SET', 'maxmemory', '1mb');
    await admin.script('FLUSH');
    try {
      expect(await broker.activity.flush(batch('a', 2, { series: [series({ added: 1 })] }))).toMatchObject({
        isNew: true,
      });
      expect((await broker.activity.look(['chat'])).minutes).toHaveLength(1);
    } finally {
      await admin.config('SET', 'maxmemory', '0');
    }
  });
});
