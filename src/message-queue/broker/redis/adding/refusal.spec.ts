import type { Queue } from 'bull';
import { BrokerFixture, testQueue } from '../../../../../test/support/redis-broker-fixture.js';
import { once, request } from '../../../../../test/support/add-requests.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import { TcpProxy } from '../../../../../test/support/tcp-proxy.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import { writtenPayload } from '../../../admission/payloads/json-payload.js';
import { BrokerUnavailableError, EnqueueTimeoutError } from '../../../jobs/errors.js';
import type { AddRequest } from '../../broker.js';
import type { RedisBroker } from '../redis-broker.js';
import type { RedisBrokerOptions } from '../redis-broker.options.js';

/** How long a refusal at once may take on a busy machine, milliseconds. */
const AT_ONCE_MS = 100;
const TIMEOUT_MS = 800;

const ordinary: AddRequest = { ...request({ data: writtenPayload({ a: 1 }) }), ordinary: true };
const WAYS: readonly (readonly [string, AddRequest])[] = [
  ['an ordinary job', ordinary],
  ['a job with an id', request({ options: { jobId: 'mine' } })],
  ['a job with a key', request(once('key'))],
  ['a delayed job', request({ options: { delay: 60_000 } })],
  ['a job with a priority', request({ options: { priority: 1 }, critical: true })],
  ['a schedule', request({ options: { repeat: { every: 60_000 } } })],
];

describe('an add while Redis is away', () => {
  const stage = redisStage({ withProblems: true });
  let proxy: TcpProxy;
  let behind: BrokerFixture;
  let broker: RedisBroker;
  let queue: Queue;

  async function start(over: Partial<RedisBrokerOptions> = {}): Promise<void> {
    broker = behind.broker({ enqueueTimeoutMs: TIMEOUT_MS, socketTimeoutMs: 3_000, ...over });
    queue = broker.createQueue(testQueue());
    await broker.addOnce(queue, request());
  }
  beforeEach(async () => {
    proxy = await TcpProxy.start(stage.redis.port);
    behind = new BrokerFixture({ port: proxy.port });
  });
  afterEach(async () => {
    await behind.close();
    await proxy.stop();
  });

  async function timed(add: Promise<unknown>): Promise<{ error: unknown; tookMs: number }> {
    const startedAt = performance.now();
    const error = await add.then(
      () => null,
      (reason: unknown) => reason,
    );
    return { error, tookMs: performance.now() - startedAt };
  }
  /** Adds until one is refused at once: Redis is known to be away. @returns how often the outcome was unknown before */
  async function untilRefused(): Promise<number> {
    for (let unknown = 0; ;) {
      const { error, tookMs } = await timed(broker.addOnce(queue, ordinary));
      if (error instanceof EnqueueTimeoutError) unknown += 1;
      else if (error instanceof BrokerUnavailableError && tookMs < AT_ONCE_MS) return unknown;
    }
  }
  async function untilAdded(): Promise<void> {
    const add = () =>
      broker.addOnce(queue, ordinary).then(
        () => true,
        () => false,
      );
    await waitUntil(add, 'adds to go on');
  }
  async function stored(): Promise<number> {
    const { waiting, delayed } = await broker.snapshot(queue);
    return waiting + delayed + (await queue.getRepeatableCount());
  }

  it('is refused at once, whatever it asks for, and never arrives', async () => {
    await start();
    proxy.refuse();
    // One may have been sent before the connection was seen to be lost.
    expect(await untilRefused()).toBeLessThan(2);
    for (const [, add] of WAYS) {
      const { error, tookMs } = await timed(broker.addOnce(queue, add));
      expect(error).toBeInstanceOf(BrokerUnavailableError);
      expect((error as Error).message).toMatch(
        /^Redis is away: job ".*" was not added to queue "work"\. Add it/,
      );
      expect(tookMs).toBeLessThan(AT_ONCE_MS);
    }
    const startedAt = performance.now();
    const many = await broker.addMany(
      queue,
      WAYS.map(([, add]) => add),
    );
    await expect(queue.add('job', {})).rejects.toThrow(BrokerUnavailableError);
    await expect(queue.addBulk([{ name: 'job', data: {} }])).rejects.toThrow(BrokerUnavailableError);
    expect(performance.now() - startedAt).toBeLessThan(AT_ONCE_MS);
    expect(many.map(({ outcome }) => outcome)).toEqual(WAYS.map(() => 'rejected'));
    proxy.heal();
    await broker.addOnce(queue, request({ deadlineMs: 20_000 }));
    expect([2, 3]).toContain(await stored());
    expect(await queue.getJob('mine')).toBeNull();
  });

  it('that came before anybody knew is refused as soon as it is known, unless it was sent', async () => {
    await start({ enqueueTimeoutMs: 20_000 });
    proxy.refuse();
    await waitUntil(() => queue.client.status !== 'ready', 'the client to notice');
    const adds = WAYS.map(([, add]) => timed(broker.addOnce(queue, add)));
    for (const { error, tookMs } of await Promise.all(adds)) {
      expect(error).toBeInstanceOf(BrokerUnavailableError);
      expect(tookMs).toBeLessThan(2_000);
    }
    proxy.heal();
    await untilAdded();
    expect(await stored()).toBe(2);
  });

  it('is not refused for a connection that comes back at once', async () => {
    await start({ enqueueTimeoutMs: 20_000 });
    for (let cuts = 0; cuts < 5; cuts++) {
      proxy.cut();
      const adds = WAYS.map(([, add]) => broker.addOnce(queue, add));
      await Promise.all(adds);
    }
    expect(await stored()).toBeGreaterThan(5);
  });

  it.each([
    ['whenUnavailable says so', { whenUnavailable: 'wait', enqueueTimeoutMs: 20_000 }, {}],
    ['it names a deadline', {}, { deadlineMs: 20_000 }],
  ] as const)(
    'waits where %s, and is refused for certain when its time is over',
    async (_when, over, own) => {
      await start(over);
      proxy.refuse();
      await waitUntil(() => queue.client.status !== 'ready', 'the client to notice');
      const adds = Promise.all(
        WAYS.map(([, add]) => broker.addOnce(queue, { ...add, ...own, ordinary: false })),
      );
      const late = await timed(broker.addOnce(queue, request({ deadlineMs: 300 })));
      expect(late.error).toBeInstanceOf(BrokerUnavailableError);
      expect((late.error as Error).message).toMatch(
        /could not be reached for 300 ms: job "m_.*" was not added/,
      );
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      proxy.heal();
      await adds;
      // The schedule counts twice: its next run waits.
      expect(await stored()).toBe(WAYS.length + 2);
    },
  );

  async function untilBack(end: () => void): Promise<void> {
    const first = await timed(broker.addOnce(queue, ordinary));
    expect(first.error).toBeInstanceOf(EnqueueTimeoutError);
    expect(await untilRefused()).toBeLessThan(3);
    // Beyond the time after which the connections are given up and tried again.
    const until = performance.now() + 7_000;
    while (performance.now() < until) {
      const { error, tookMs } = await timed(broker.addOnce(queue, ordinary));
      expect(error).toBeInstanceOf(BrokerUnavailableError);
      expect(tookMs).toBeLessThan(AT_ONCE_MS);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    end();
    await untilAdded();
  }

  it('is unknown at first in a black hole, then refused at once, and goes on when it ends', async () => {
    await start();
    proxy.blackhole();
    await untilBack(() => proxy.heal());
    // Those that were sent arrive, or not.
    expect([2, 3, 4]).toContain(await stored());
  });

  it('is unknown at first of a server that is frozen, then refused at once, and goes on when it thaws', async () => {
    await start();
    stage.redis.signal('SIGSTOP');
    await untilBack(() => stage.redis.signal('SIGCONT'));
    expect([2, 3, 4]).toContain(await stored());
  });
});
