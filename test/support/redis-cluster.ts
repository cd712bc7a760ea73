import { spawnSync } from 'node:child_process';
import { Redis } from 'ioredis';
import { freePort, TestRedis } from './redis-server.js';
import { waitUntil } from './wait-until.js';

/** Three masters of a Redis Cluster, all slots covered; gone after `stop()` and with this process. */
export class TestRedisCluster {
  private constructor(private readonly servers: readonly TestRedis[]) {}

  static async start(): Promise<TestRedisCluster> {
    const servers = await Promise.all([1, 2, 3].map(() => startNode()));
    const addresses = servers.map(({ port }) => `127.0.0.1:${port}`);
    const made = spawnSync('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'], {
      encoding: 'utf8',
    });
    if (made.status !== 0)
      throw new Error(`redis-cli could not make a Cluster:\n${made.stdout}${made.stderr}`);
    await Promise.all(servers.map(({ port }) => untilComplete(port)));
    return new TestRedisCluster(servers);
  }

  get nodes(): { host: string; port: number }[] {
    return this.servers.map(({ port }) => ({ host: '127.0.0.1', port }));
  }

  /** Key names on each node that match. */
  async keys(pattern: string): Promise<string[][]> {
    return Promise.all(
      this.servers.map(async ({ port }) => {
        const client = new Redis(port);
        const keys = await client.keys(pattern);
        client.disconnect();
        return keys;
      }),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}

async function startNode(): Promise<TestRedis> {
  // Not the usual port + 10 000, which may lie beyond the last one.
  const busPort = await freePort();
  return TestRedis.start(['--cluster-enabled', 'yes', '--cluster-port', String(busPort)]);
}

async function untilComplete(port: number): Promise<void> {
  const client = new Redis(port);
  try {
    await waitUntil(
      async () => (await client.cluster('INFO')).includes('cluster_state:ok'),
      'the Cluster to cover its slots',
      20_000,
    );
  } finally {
    client.disconnect();
  }
}
