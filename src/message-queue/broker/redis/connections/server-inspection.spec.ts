import { Redis } from 'ioredis';
import { BrokerFixture, testQueue, workOn } from '../../../../../test/support/redis-broker-fixture.js';
import { TcpProxy } from '../../../../../test/support/tcp-proxy.js';
import { TestRedis } from '../../../../../test/support/redis-server.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';

describe('inspecting the server', () => {
  let redis: TestRedis;
  let fixture: BrokerFixture;
  let client: Redis;

  beforeEach(async () => {
    redis = await TestRedis.start();
    fixture = new BrokerFixture(redis);
    client = new Redis(redis.port);
  });
  afterEach(async () => {
    client.disconnect();
    await fixture.close();
    await redis.stop();
  });

  const messages = async (): Promise<string[]> =>
    (await fixture.broker().inspectServer()).findings.map(
      ({ severity, message }) => `${severity}: ${message}`,
    );

  it('finds nothing wrong with a server that is fit', async () => {
    await client.config('SET', 'appendonly', 'yes');
    expect(await fixture.broker().inspectServer()).toEqual({
      provider: 'redis',
      reachable: true,
      version: '7.0',
      latencyMs: expect.any(Number),
      memoryUsedRatio: null,
      memoryLimitBytes: null,
      clockSkewMs: expect.any(Number),
      findings: [],
    });
  });

  it('names the setting to change for each finding', async () => {
    expect(await messages()).toEqual([
      expect.stringMatching(/^fatal: .*nothing on disk.*CONFIG SET appendonly yes/),
    ]);
    await client.config('SET', 'save', '60 1');
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
    await client.config('SET', 'maxmemory', Math.round(used * 1.25));
    expect(await messages()).toEqual([
      expect.stringMatching(
        /^fatal: maxmemory-policy is allkeys-lru.*CONFIG SET maxmemory-policy noeviction/,
      ),
      expect.stringMatching(/^warning: .*snapshots only/),
      expect.stringMatching(/^warning: Redis uses \d+ % of its memory limit.*CONFIG SET maxmemory/),
    ]);
  });

  it('finds a version that is too old', async () => {
    await client.config('SET', 'appendonly', 'yes');
    const proxy = await TcpProxy.start(redis.port, (answer) => answer.replace(/(redis_version:)\d/, '$16'));
    const topology = { kind: 'single', host: '127.0.0.1', port: proxy.port } as const;
    try {
      const report = await fixture.broker({ redis: { topology, db: 0, tls: false } }).inspectServer();
      const message = expect.stringMatching(/Redis 6\.0 is too old: 6\.2 or later/) as string;
      expect(report).toMatchObject({ version: '6.0', findings: [{ severity: 'fatal', message }] });
    } finally {
      await fixture.close();
      await proxy.stop();
    }
  });

  it.each([
    ['ahead of', 3_600_000],
    ['behind', -3_600_000],
  ])(
    'measures a clock of ours that is an hour %s that of Redis, and says so once',
    async (direction, oursMs) => {
      await client.config('SET', 'appendonly', 'yes');
      const broker = fixture.broker();
      const rightNow = Date.now.bind(Date);
      const ours = jest.spyOn(Date, 'now').mockImplementation(() => rightNow() + oursMs);
      const report = await broker.inspectServer();
      await broker.inspectServer().finally(() => ours.mockRestore());
      expect(Math.abs((report.clockSkewMs ?? 0) + oursMs)).toBeLessThan(60_000);
      expect(report.findings).toEqual([]);
      const message = expect.stringMatching(`3600 s ${direction} Redis.*NTP`) as string;
      expect(fixture.problems).toEqual([{ kind: 'clock', message }]);
    },
  );

  it('works with a managed Redis that forbids INFO, CONFIG and CLIENT', async () => {
    await client.call('ACL', 'SETUSER', 'default', '-info', '-config', '-client');
    const found = await messages();
    expect(found).toHaveLength(3);
    for (const message of found) expect(message).toMatch(/^warning: .*Allow INFO, or.*REDIS_GUARANTEES=\w+/);
    const guarantees = ['noeviction', 'persistence', 'version'] as const;
    expect((await fixture.broker({ guarantees }).inspectServer()).findings).toEqual([]);
    const broker = fixture.broker();
    const queue = broker.createQueue(testQueue());
    const { seen } = await workOn(broker, queue);
    await broker.addOnce(queue, { name: 'job', data: {}, options: {} });
    await waitUntil(() => seen.length === 1, 'the job');
  });

  it('reads eviction and persistence of a managed Redis that forbids CONFIG from INFO', async () => {
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await client.call('ACL', 'SETUSER', 'default', '-config');
    expect(await messages()).toEqual([
      expect.stringMatching(/^fatal: maxmemory-policy is allkeys-lru.*managed Redis/),
      expect.stringMatching(
        /^warning: AOF is off, and Redis does not report whether it takes snapshots.*REDIS_GUARANTEES=persistence/,
      ),
    ]);
    await client.bgsave();
    await waitUntil(async () => (await messages())[1]?.includes('snapshots only') === true, 'the snapshot');
    // A policy that deletes jobs is no matter of trust.
    const guarantees = ['noeviction', 'persistence'] as const;
    const trusting = await fixture.broker({ guarantees }).inspectServer();
    expect(trusting.findings).toMatchObject([
      { severity: 'fatal', message: expect.stringContaining('allkeys') as string },
    ]);
  });

  it.each([
    ['-@all', /Redis answers, but refuses: NOPERM.*ACL SETUSER/],
    ['resetchannels', /does not let this process listen.*NOPERM.*ACL SETUSER/],
  ])('says what a server that answers refuses: %s', async (rule, message) => {
    await client.config('SET', 'appendonly', 'yes');
    const broker = fixture.broker();
    await workOn(broker, broker.createQueue(testQueue()));
    await client.call('ACL', 'SETUSER', 'admin', 'on', 'nopass', '+@all', 'allkeys', 'allchannels');
    await client.auth('admin', 'any');
    await client.call('ACL', 'SETUSER', 'default', rule);
    const refusal = await waitUntil(async () => {
      const { reachable, findings } = await broker.inspectServer();
      return reachable ? findings.find(({ about }) => about === 'refusal') : undefined;
    }, 'the finding');
    expect(refusal.message).toMatch(message);
    expect(refusal.severity).toBe(rule === '-@all' ? 'fatal' : 'warning');
  });

  it('says that the password is wrong, not that Redis is away', async () => {
    await client.config('SET', 'requirepass', 'right');
    const topology = { kind: 'single', host: '127.0.0.1', port: redis.port } as const;
    for (const [password, says] of [
      ['wrong', /refuses the connection: WRONGPASS.*REDIS_PASSWORD/],
      [undefined, /refuses the connection: NOAUTH.*REDIS_PASSWORD/],
    ] as const) {
      const broker = fixture.broker({ redis: { topology, db: 0, tls: false, password } });
      const { reachable, findings } = await broker.inspectServer();
      expect([reachable, findings.length, findings[0]?.about]).toEqual([true, 1, 'refusal']);
      expect(findings[0]?.message).toMatch(says);
    }
  });

  it('reports a server that cannot be reached, in seconds', async () => {
    await redis.kill();
    expect(await fixture.broker().inspectServer()).toMatchObject({
      reachable: false,
      version: null,
      findings: [{ severity: 'fatal', message: expect.stringMatching(/cannot be reached.*REDIS_URL/) }],
    });
  });
});
