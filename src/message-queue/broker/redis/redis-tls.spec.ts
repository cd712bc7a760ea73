import { BrokerFixture, testQueue, workOn } from '../../../../test/support/redis-broker-fixture.js';
import { TestRedisCluster } from '../../../../test/support/redis-cluster.js';
import { TestRedisSentinel } from '../../../../test/support/redis-sentinel.js';
import { TestRedis } from '../../../../test/support/redis-server.js';
import { selfSignedCertificate } from '../../../../test/support/self-signed-certificate.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { BrokerUnavailableError } from '../../jobs/errors.js';
import type { AddRequest } from '../broker.js';
import type { RedisBroker } from './redis-broker.js';
import type { RedisTls, RedisTopology } from '../../../kernel/redis/redis-settings.js';

const request = (over: Partial<AddRequest> = {}): AddRequest => ({
  ...{ name: 'job', data: {}, options: {} },
  ...over,
});

/** Longer than a handshake may take that nobody answers. */
const DEADLINE_MS = 4_000;

describe('Redis over TLS', () => {
  const certificate = selfSignedCertificate('redis.internal');
  const ours: RedisTls = { ca: certificate.cert };
  const foreign = selfSignedCertificate();
  let server: TestRedis;
  let strict: TestRedis;
  let plain: TestRedis;
  let fixture: BrokerFixture;

  beforeAll(async () => {
    server = await TestRedis.start(['--appendonly', 'yes'], certificate);
    strict = await TestRedis.start(['--tls-auth-clients', 'yes'], certificate);
    plain = await TestRedis.start();
  });
  beforeEach(() => {
    fixture = new BrokerFixture({ port: 0 });
  });
  afterEach(() => fixture.close());
  afterAll(() => Promise.all([server.stop(), strict.stop(), plain.stop()]));

  function brokerOn(to: TestRedis, tls: false | RedisTls, host = '127.0.0.1'): RedisBroker {
    const topology: RedisTopology = { kind: 'single', host, port: to.port };
    return fixture.broker({ redis: { topology, db: 0, tls } });
  }

  it('runs jobs, and goes on when the server has restarted', async () => {
    const broker = brokerOn(server, ours);
    const queue = broker.createQueue(testQueue());
    const { seen } = await workOn(broker, queue);
    await broker.addOnce(queue, request());
    await waitUntil(() => seen.length === 1, 'the first job');
    await server.kill();
    await server.spawn();
    const { id } = await broker.addOnce(queue, request({ deadlineMs: 15_000 }));
    await waitUntil(() => seen.some((run) => run.id === id), 'the job after the restart');
    await waitUntil(async () => (await broker.snapshot(queue)).completed === 2, 'both to be stored');
    expect(await broker.inspectServer()).toMatchObject({ reachable: true, version: '7.0' });
  });

  it('checks the name it was told instead of the host', async () => {
    const broker = brokerOn(server, { ...ours, serverName: 'redis.internal' }, 'localhost');
    const queue = broker.createQueue(testQueue());
    await broker.addOnce(queue, request());
    expect(fixture.problems).toEqual([]);
  });

  it('shows its own certificate to a server that asks for one', async () => {
    const broker = brokerOn(strict, { ...ours, ...certificate });
    const queue = broker.createQueue(testQueue());
    const { seen } = await workOn(broker, queue);
    await broker.addOnce(queue, request());
    await waitUntil(() => seen.length === 1, 'the job');
    expect(fixture.problems).toEqual([]);
  });

  describe('that is set wrong', () => {
    const cases: readonly [
      what: string,
      to: () => TestRedis,
      tls: false | RedisTls,
      advice: RegExp,
      host?: string,
    ][] = [
      [
        'a certificate of an unknown authority',
        () => server,
        {},
        /self-signed certificate.*set REDIS_TLS_CA/,
      ],
      ['a certificate of another authority', () => server, { ca: foreign.cert }, /set REDIS_TLS_CA/],
      ['a certificate for another name', () => server, ours, /REDIS_TLS_SERVER_NAME/, 'localhost'],
      ['TLS where none was expected', () => server, false, /rediss:\/\/ or set REDIS_TLS=true/],
      ['no TLS where some was expected', () => plain, ours, /use redis:\/\/ if the server has no TLS/],
      ['a request for a client certificate', () => strict, ours, /set REDIS_TLS_CERT and REDIS_TLS_KEY/],
      [
        'a refusal of the client certificate',
        () => strict,
        { ...ours, ...foreign },
        /does not accept the client/,
      ],
    ];
    const seen = new Map<string, { errors: unknown[]; findings: object[]; heard: string }>();

    // Together, for time.
    beforeAll(async () => {
      await Promise.all(
        cases.map(async ([what, to, tls, , host]) => {
          const own = new BrokerFixture({ port: 0 });
          const topology: RedisTopology = { kind: 'single', host: host ?? '127.0.0.1', port: to().port };
          const broker = own.broker({ redis: { topology, db: 0, tls } });
          const queue = broker.createQueue(testQueue());
          const adds = [{}, { repeat: { every: 60_000 } }].map((options) =>
            broker
              .addOnce(queue, request({ options, deadlineMs: DEADLINE_MS }))
              .catch((error: unknown) => error),
          );
          const errors = await Promise.all(adds);
          const { findings } = await broker.inspectServer();
          const heard = own.problems.map(({ message }) => message).join('\n');
          seen.set(what, { errors, findings: [...findings], heard });
          await own.close();
        }),
      );
    });

    it.each(cases.map(([what, , , advice]) => [what, advice] as const))(
      'says what to set when it meets %s',
      (what, advice) => {
        const { errors = [], findings, heard } = seen.get(what) ?? {};
        expect(errors).toHaveLength(2);
        for (const error of errors) {
          expect(error).toBeInstanceOf(BrokerUnavailableError);
          expect((error as Error).message).toMatch(advice);
        }
        expect(findings).toEqual([
          { severity: 'fatal', about: 'setting', message: expect.stringMatching(advice) },
        ]);
        expect(heard).toMatch(advice);
      },
    );
  });

  it('leads to the master through Sentinels, and to the next one after a failover', async () => {
    const sentinel = await TestRedisSentinel.start(certificate);
    try {
      const { sentinels, masterName } = sentinel;
      const broker = fixture.broker({
        redis: { topology: { kind: 'sentinel', masterName, sentinels }, db: 0, tls: ours },
        socketTimeoutMs: 2_000,
      });
      const queue = broker.createQueue(testQueue());
      const { seen } = await workOn(broker, queue);
      await broker.addOnce(queue, request({ deadlineMs: 5_000 }));
      await waitUntil(() => seen.length === 1, 'the first job');
      const stranger = fixture.broker({
        redis: { topology: { kind: 'sentinel', masterName, sentinels }, db: 0, tls: {} },
      });
      const refused = stranger.addOnce(
        stranger.createQueue(testQueue('other')),
        request({ deadlineMs: DEADLINE_MS }),
      );
      await expect(refused).rejects.toThrow(/set REDIS_TLS_CA/);
      await sentinel.master.kill();
      await sentinel.failedOver();
      const { id } = await broker.addOnce(queue, request({ deadlineMs: 15_000 }));
      await waitUntil(() => seen.some((run) => run.id === id), 'the job after the failover');
    } finally {
      await fixture.close();
      await sentinel.stop();
    }
  });

  it('reaches every node of a Cluster by the name that its certificate is for', async () => {
    const named = selfSignedCertificate('localhost');
    const cluster = await TestRedisCluster.start(named);
    try {
      const nodes = cluster.nodes.map(({ port }) => ({ host: 'localhost', port }));
      const topology: RedisTopology = { kind: 'cluster', nodes };
      const broker = fixture.broker({ redis: { topology, db: 0, tls: { ca: named.cert } }, prefix: 'chat' });
      for (const name of ['delivery', 'indexing', 'cleanup', 'batch']) {
        const queue = broker.createQueue(testQueue(name));
        const { seen } = await workOn(broker, queue);
        await broker.addOnce(queue, request({ deadlineMs: 5_000 }));
        await waitUntil(() => seen.length === 1, `the job of ${name}`);
      }
      const keys = await cluster.keys('{chat:*');
      expect(keys.filter((found) => found.length > 0).length).toBeGreaterThan(1);
      expect(fixture.problems).toEqual([]);
      const stranger = fixture.broker({ redis: { topology, db: 0, tls: {} } });
      const refused = stranger.addOnce(
        stranger.createQueue(testQueue('other')),
        request({ deadlineMs: DEADLINE_MS }),
      );
      await expect(refused).rejects.toThrow(/set REDIS_TLS_CA/);
    } finally {
      await fixture.close();
      await cluster.stop();
    }
  });
});

describe('a Cluster over TLS whose certificate is for addresses alone', () => {
  it('is not reached by name', async () => {
    const certificate = selfSignedCertificate();
    const cluster = await TestRedisCluster.start(certificate);
    const fixture = new BrokerFixture({ port: 0 });
    try {
      const nodes = cluster.nodes.map(({ port }) => ({ host: 'localhost', port }));
      const broker = fixture.broker({
        redis: { topology: { kind: 'cluster', nodes }, db: 0, tls: { ca: certificate.cert } },
      });
      const refused = broker.addOnce(broker.createQueue(testQueue()), request({ deadlineMs: DEADLINE_MS }));
      await expect(refused).rejects.toThrow(/REDIS_TLS_SERVER_NAME/);
    } finally {
      await fixture.close();
      await cluster.stop();
    }
  });
});
