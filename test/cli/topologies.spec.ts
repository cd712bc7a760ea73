import { announcement, batch } from '../support/activity-batches.js';
import { CliStage } from '../support/cli-stage.js';
import { BrokerFixture, testQueue } from '../support/redis-broker-fixture.js';
import { TestRedisCluster } from '../support/redis-cluster.js';
import { TestRedis } from '../support/redis-server.js';
import { selfSignedCertificate } from '../support/self-signed-certificate.js';

describe('the command line', () => {
  let cluster: TestRedisCluster;

  beforeAll(async () => {
    cluster = await TestRedisCluster.start();
  });
  afterAll(() => cluster.stop());

  it.each(['chat', '{chat}'])('works on a Cluster, with the prefix %s', async (prefix) => {
    const fixture = new BrokerFixture({ port: 0 });
    try {
      const redis = { topology: { kind: 'cluster', nodes: cluster.nodes }, db: 0, tls: false } as const;
      const broker = fixture.broker({ redis, prefix });
      const names = ['delivery', 'indexing', 'cleanup'];
      const queues = names.map((name) => broker.createQueue(testQueue(name)));
      for (const queue of queues) await broker.addOnce(queue, { name: 'job', data: {}, options: {} });
      const announced = names.map((name) => ({ ...announcement(name), jobs: ['job'] }));
      await broker.activity.flush(batch('a', 1, { announced }));
      const url = cluster.nodes.map(({ port }) => `redis://127.0.0.1:${port}`).join(',');
      const cli = new CliStage({ REDIS_URL: url, QUEUE_PREFIX: prefix });
      const stats = await cli.json<{ queues: { queue: string; waiting: number }[] }>(['stats']);
      expect(stats.queues.map(({ queue, waiting }) => [queue, waiting])).toEqual([
        ...[...names].sort().map((name) => [name, 1]),
      ]);
      expect(await cli.run(['pause', 'indexing', '--yes'])).toMatchObject({ code: 0, err: '' });
      expect(await cli.run(['enqueue', 'cleanup', 'job', '--json', '{}', '--yes'])).toMatchObject({
        code: 0,
      });
      const found = await cli.json<{ jobs: object[] }>(['jobs', 'find']);
      expect(found.jobs).toHaveLength(4);
      expect((await cli.run(['dead-letters', 'groups'])).code).toBe(0);
      expect((await cli.run(['audit'])).out.match(/ done /g)).toHaveLength(2);
    } finally {
      await fixture.close();
    }
  });

  it('signs in over TLS', async () => {
    const certificate = selfSignedCertificate('localhost');
    const redis = await TestRedis.start([], certificate);
    try {
      const admin = redis.client();
      await admin.config('SET', 'requirepass', 'secret');
      admin.disconnect();
      const cli = new CliStage({
        ...{ REDIS_HOST: 'localhost', REDIS_PORT: String(redis.port), REDIS_TLS: 'true' },
        ...{ REDIS_TLS_CA: certificate.cert, REDIS_PASSWORD: 'secret' },
      });
      expect(await cli.run(['stats'])).toMatchObject({ code: 0, err: '' });
      const wrong = new CliStage({
        REDIS_URL: `rediss://:nope@localhost:${redis.port}`,
        REDIS_TLS_CA: certificate.cert,
      });
      const begunAt = performance.now();
      const refused = await wrong.run(['workers']);
      expect(refused).toMatchObject({
        ...{ code: 1, err: expect.stringMatching(/WRONGPASS.*REDIS_PASSWORD/) as string },
      });
      // Nobody waits for what does not change, and nothing is promised that nobody does.
      expect(performance.now() - begunAt).toBeLessThan(2_000);
      expect(refused.err).not.toContain('tried again');
    } finally {
      await redis.stop();
    }
  });
});
