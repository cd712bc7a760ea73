import { unheard } from '../../../../../test/support/unheard-connections.js';
import { BrokerFixture, testQueue } from '../../../../../test/support/redis-broker-fixture.js';
import { TestRedis } from '../../../../../test/support/redis-server.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import { BrokerUnavailableError, EnqueueTimeoutError } from '../../../jobs/errors.js';
import type { AddRequest } from '../../broker.js';
import { RedisConnections } from '../connections/redis-connections.js';

const request = (over: Partial<AddRequest> = {}): AddRequest => ({
  ...{ name: 'job', data: {}, options: {}, deadlineMs: 60_000 },
  ...over,
});

const caught = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe('an add that is under way when the broker closes', () => {
  let redis: TestRedis;
  let fixture: BrokerFixture;

  beforeEach(async () => {
    redis = await TestRedis.start();
    fixture = new BrokerFixture(redis);
  });
  afterEach(async () => {
    await fixture.close();
    await redis.stop();
  });

  it('is refused at once when Redis is gone: nothing was sent', async () => {
    const broker = fixture.broker();
    const queue = broker.createQueue(testQueue());
    await broker.addOnce(queue, request());
    await redis.kill();
    await waitUntil(() => queue.client.status !== 'ready', 'the client to notice');
    const adds = [
      caught(broker.addOnce(queue, request())),
      broker
        .addMany(queue, [request()])
        .then(([outcome]) => outcome?.outcome === 'rejected' && outcome.error),
      caught(broker.addOnce(queue, request({ options: { repeat: { every: 60_000 } } }))),
    ];
    // By then the others have been tried.
    await caught(broker.addOnce(queue, request({ deadlineMs: 200 })));
    const closing = broker.close();
    const startedAt = performance.now();
    const errors = await Promise.all(adds.slice(0, 2));
    // Not after its deadline of a minute.
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    // Bull's own add learns of it when the connections go.
    for (const error of [...errors, await adds[2]]) {
      expect(error).toBeInstanceOf(BrokerUnavailableError);
      expect((error as Error).message).toMatch(/"work" is closed: job ".*" was not added\. Add it again/);
    }
    await closing;
  });

  it('is not left alone when Redis is frozen: its outcome is unknown', async () => {
    const broker = fixture.broker();
    const queue = broker.createQueue(testQueue());
    await broker.addOnce(queue, request());
    redis.signal('SIGSTOP');
    const plain = caught(broker.addOnce(queue, request()));
    const repeatable = caught(broker.addOnce(queue, request({ options: { repeat: { every: 60_000 } } })));
    await caught(broker.addOnce(queue, request({ deadlineMs: 200 })));
    const startedAt = performance.now();
    await broker.close();
    for (const error of await Promise.all([plain, repeatable])) {
      expect(error).toBeInstanceOf(EnqueueTimeoutError);
      expect((error as Error).message).toMatch(/closed before Redis answered.*Outcome unknown/);
    }
    expect(performance.now() - startedAt).toBeLessThan(30_000);
  });

  it('is answered first when Redis works', async () => {
    const broker = fixture.broker();
    const queue = broker.createQueue(testQueue());
    await broker.addOnce(queue, request());
    const adds = Array.from({ length: 50 }, () => broker.addOnce(queue, request()));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    await broker.close();
    expect((await Promise.all(adds)).every(({ deduplicated }) => !deduplicated)).toBe(true);
    await expect(broker.addOnce(queue, request())).rejects.toThrow(/is closed: job "job" was not added/);
  });
});

describe('connections that were closed before they were opened', () => {
  it('are not ready, and say so without throwing', async () => {
    const connections = new RedisConnections(
      { topology: { kind: 'single', host: '127.0.0.1', port: 1 }, db: 0, tls: false },
      1_000,
      unheard,
    );
    await connections.close();
    expect(await connections.ready(1_000)).toBe(false);
    expect(connections.isReady).toBe(false);
  });
});
