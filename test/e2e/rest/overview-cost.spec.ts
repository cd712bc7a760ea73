import { Broker } from '../../../src/message-queue/broker/broker.js';
import { defineQueue } from '../../../src/message-queue/jobs/queue-definition.js';
import { MessageQueueModule } from '../../../src/message-queue/message-queue.module.js';
import { TestRedis } from '../../support/redis-server.js';
import { NOTES, RestApp } from './rest.fixture.js';

const QUEUES = Array.from({ length: 12 }, (_, i) => defineQueue({ ...NOTES, name: `queue-${i}` }));

describe('what the first page asks of Redis, at 14 queues', () => {
  let redis: TestRedis;
  let worker: RestApp;
  let web: RestApp;

  beforeAll(async () => {
    redis = await TestRedis.start();
    const prefix = 'cost';
    worker = await RestApp.start('redis', redis, { prefix });
    const imports = QUEUES.map((queue) => MessageQueueModule.registerQueue(queue));
    web = await RestApp.start('redis', redis, { prefix, role: 'producer', hasNotes: false, imports });
    await worker.deadNotes(20);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(async () => {
    await Promise.all([web.close(), worker.close()]);
    await redis.stop();
  });

  /** Counts what a process asks from now on. */
  const counted = (): (() => Record<string, number>) => {
    const broker = web.app.get(Broker);
    const spies = {
      looks: jest.spyOn(broker.activity, 'look'),
      histories: jest.spyOn(broker.activity, 'history'),
      servers: jest.spyOn(broker, 'inspectServer'),
      schedules: jest.spyOn(broker, 'schedulesOf'),
      letters: jest.spyOn(broker, 'readFailed'),
      counts: jest.spyOn(broker, 'snapshot'),
      abandoned: jest.spyOn(broker, 'readAbandoned'),
    };
    return () =>
      Object.fromEntries(Object.entries(spies).map(([name, spy]) => [name, spy.mock.calls.length]));
  };

  it('is one look, and within a second nothing at all, whoever asks', async () => {
    const sees = async (): Promise<number> => (await web.ask<{ queues: [] }>('overview')).queues.length;
    expect(await sees()).toBe(14);
    const known = counted();
    expect(await sees()).toBe(14);
    await Promise.all([sees(), web.ask('overview')]);
    expect(Object.values(known()).every((count) => count === 0)).toBe(true);
  });

  it('reads letters and schedules again only where that is due', async () => {
    await web.ask('overview?hours=2');
    // Pages of all hours share letters and schedules.
    const asked = counted();
    await web.ask('overview?hours=3');
    const { looks, servers, letters, counts, histories } = asked();
    expect({ servers, letters, counts, histories }).toEqual({
      servers: 1,
      letters: 0,
      counts: 0,
      histories: 14,
    });
    expect(looks).toBeLessThanOrEqual(1);
  });
});
