import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Redis } from 'ioredis';
import { alert, announcement, batch, series } from '../support/activity-batches.js';
import { BrokerFixture, failed, testQueue, workOn } from '../support/redis-broker-fixture.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import {
  createPublisher,
  createSubscriber,
} from '../../src/message-queue/adapters/socket-io/socket-io-redis-client.js';

const PAGE = readFileSync(resolve(__dirname, '../../docs/redis-access.md'), 'utf8');

/** The rules of the documentation for one kind of process, for another prefix. */
function rulesFor(kind: string, prefix: string): string[] {
  const line = new RegExp(`^ACL SETUSER ${kind} on >password (.*)$`, 'm').exec(PAGE)?.[1];
  if (line === undefined) throw new Error(`docs/redis-access.md has no rules for ${kind}.`);
  return line.replaceAll('message-queue:', `${prefix}:`).split(' ');
}

describe('the least that Redis must allow, as docs/redis-access.md has it', () => {
  let redis: TestRedis;
  let admin: Redis;
  let fixture: BrokerFixture;

  beforeAll(async () => {
    redis = await TestRedis.start(['--appendonly', 'yes']);
    admin = redis.client();
  });
  beforeEach(() => (fixture = new BrokerFixture(redis)));
  afterEach(async () => {
    await fixture.close();
    expect(await admin.call('ACL', 'LOG')).toEqual([]);
    expect(fixture.problems).toEqual([]);
    await admin.call('ACL', 'LOG', 'RESET');
  });
  afterAll(async () => {
    admin.disconnect();
    await redis.stop();
  });

  async function brokerOf(kind: string) {
    await admin.call('ACL', 'SETUSER', kind, 'reset', 'on', '>password', ...rulesFor(kind, fixture.prefix));
    const topology = { kind: 'single', host: '127.0.0.1', port: redis.port } as const;
    return fixture.broker({ redis: { topology, db: 0, tls: false, username: kind, password: 'password' } });
  }

  it('lets a producer add and a worker run jobs, with delays, schedules, failures and cancellations', async () => {
    const [producer, worker] = [await brokerOf('producer'), await brokerOf('worker')];
    const [queue, worked] = [producer.createQueue(testQueue()), worker.createQueue(testQueue())];
    const { seen } = await workOn(worker, worked);
    const heard: string[] = [];
    worked.on('global:completed', (id: string) => heard.push(id));
    const add = (options: object) => producer.addOnce(queue, { name: 'job', data: {}, options });
    await add({});
    await add({ delay: 50 });
    await add({ priority: 1 });
    await add({ repeat: { every: 1_000 } });
    await producer.addMany(queue, [{ name: 'job', data: {}, options: {} }]);
    await waitUntil(() => seen.length >= 6, 'the jobs');
    await waitUntil(() => heard.length > 0, 'a message');
    const { id } = await add({ delay: 60_000 });
    expect(await producer.cancel(queue, id, 'no')).toBe('removed');
    expect(await worker.replay(worked, [{ id }], { at: 1, by: 'ops' })).toEqual(new Set([id]));
    const schedules = producer.schedulesOf(queue);
    await schedules.keep();
    const key = (await schedules.look())[0]?.schedule.key ?? '';
    for (const how of ['pause', 'resume'] as const) await schedules.change(key, how);
    for (const broker of [producer, worker]) {
      const of = broker === producer ? queue : worked;
      await broker.snapshot(of);
      await broker.readUnknown(of);
      await broker.readFailed(of, { order: 'newest', start: 0, size: 9, payloads: true });
      await broker.discard(of, [{ id: 'none' }]);
      expect((await broker.inspectServer()).findings).toEqual([]);
    }
    await producer.purge(queue);
  });

  it.each(['producer', 'worker', 'board'])('lets a %s keep and read what happened', async (kind) => {
    const { activity } = await brokerOf(kind);
    const counted = [series({ added: 1, runMs: 0.5 })];
    for (const seq of [1, 1, 2]) {
      await activity.flush(batch('a', seq, { series: counted, announced: [announcement('chat')] }));
    }
    expect(await activity.holdLeadership('a', 10_000)).toBe(true);
    expect(await activity.moveAlert(alert(1))).toBe(true);
    await activity.note({
      ...{ by: 'ann', action: 'pause', target: 'chat', filter: null, count: null, reason: null },
      ...{ outcome: 'done', via: 'cli' },
    });
    const { at, minutes, alerts } = await activity.look(['chat']);
    expect([minutes.length > 0, alerts.length]).toEqual([true, 1]);
    const hour = Math.floor(at / 3_600_000);
    expect((await activity.history('chat', hour - 1, hour)).length).toBeGreaterThan(0);
    expect(await activity.notes({ limit: 9 })).toHaveLength(1);
    await activity.removeAlert('QueueDepthHigh', 'chat');
    await activity.giveUpLeadership('a');
    await activity.leave('a');
  });

  it('lets a worker pass jobs on that it does not know, and end those that fail', async () => {
    const worker = await brokerOf('worker');
    const queue = worker.createQueue(testQueue());
    const requests = Array.from({ length: 20 }, (_, n) => ({
      name: n < 19 ? 'new' : 'job',
      data: {},
      options: {},
    }));
    await worker.addMany(queue, requests);
    const pause = { delayMs: 60_000, leftMs: 60_000, since: 1, version: 1, reason: 'not known' };
    await workOn(worker, queue, (taken) =>
      taken.job.name === 'new' ? { kind: 'passed-on', ...pause } : failed(taken, null),
    );
    await waitUntil(async () => (await worker.snapshot(queue)).unknown === 19, 'all to be passed on');
    await waitUntil(async () => (await worker.snapshot(queue)).failed === 1, 'the dead letter');
  });

  it('lets the board look, pause, clean and remove', async () => {
    const board = await brokerOf('board');
    const queue = board.createQueue(testQueue());
    const job = await queue.add('job', {});
    await board.snapshot(queue);
    await queue.getJobCounts();
    await queue.getJobs(['waiting', 'active', 'delayed', 'completed', 'failed']);
    await queue.getWorkers();
    await queue.pause();
    await queue.resume();
    expect(await job.getState()).toBe('waiting');
    await job.log('line');
    await queue.getJobLogs(job.id);
    await job.remove();
    await queue.clean(0, 'completed');
    await queue.getRepeatableJobs();
    await queue.empty();
    await queue.obliterate({ force: true });
    expect((await board.inspectServer()).findings).toEqual([]);
  });

  it('lets sockets publish and listen', async () => {
    await admin.call(
      'ACL',
      'SETUSER',
      'sockets',
      'reset',
      'on',
      '>password',
      ...rulesFor('sockets', fixture.prefix),
    );
    const topology = { kind: 'single', host: '127.0.0.1', port: redis.port } as const;
    const settings = { topology, db: 0, tls: false, username: 'sockets', password: 'password' } as const;
    const [publisher, subscriber] = [createPublisher(settings), createSubscriber(settings)];
    try {
      const key = `${fixture.prefix}:socket.io`;
      await subscriber.psubscribe(`${key}#/#*`);
      await subscriber.subscribe(`${key}-request#/#`);
      expect(await publisher.publish(`${key}#/#room#`, 'hello')).toBe(1);
      await publisher.pubsub('NUMSUB', `${key}-request#/#`);
    } finally {
      publisher.disconnect();
      subscriber.disconnect();
    }
  });
});
