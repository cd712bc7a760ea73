import { spawnSync } from 'node:child_process';
import { freePort, TestRedis } from './redis-server.js';
import type { TestCertificate } from './self-signed-certificate.js';
import { waitUntil } from './wait-until.js';

/** Three masters of a Redis Cluster, all slots covered; gone after `stop()` and with this process. */
export class TestRedisCluster {
  private constructor(readonly servers: readonly TestRedis[]) {}

  /** @param certificate of `localhost`: the nodes speak TLS alone, under that name */
  static async start(certificate: TestCertificate | null = null): Promise<TestRedisCluster> {
    const servers = await Promise.all([1, 2, 3].map(() => startNode(certificate)));
    const addresses = servers.map(({ port }) => `127.0.0.1:${port}`);
    const tls = certificate === null ? [] : ['--tls', '--insecure'];
    const made = spawnSync('redis-cli', [...tls, '--cluster', 'create', ...addresses, '--cluster-yes'], {
      encoding: 'utf8',
    });
    if (made.status !== 0)
      throw new Error(`redis-cli could not make a Cluster:\n${made.stdout}${made.stderr}`);
    await Promise.all(servers.map((server) => untilComplete(server)));
    return new TestRedisCluster(servers);
  }

  get nodes(): { host: string; port: number }[] {
    return this.servers.map(({ port }) => ({ host: '127.0.0.1', port }));
  }

  /** Key names on each node that match. */
  async keys(pattern: string): Promise<string[][]> {
    return Promise.all(
      this.servers.map(async (server) => {
        const client = server.client();
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

async function startNode(certificate: TestCertificate | null): Promise<TestRedis> {
  // Not the usual port + 10 000, which may lie beyond the last one.
  const busPort = await freePort();
  const named = ['--cluster-announce-hostname', 'localhost', '--cluster-preferred-endpoint-type', 'hostname'];
  return TestRedis.start(
    [
      ...['--cluster-enabled', 'yes', '--cluster-port', String(busPort)],
      ...(certificate === null ? [] : ['--tls-cluster', 'yes', ...named]),
    ],
    certificate,
  );
}

async function untilComplete(server: TestRedis): Promise<void> {
  const client = server.client();
  try {
    await waitUntil(
      async () => (await client.cluster('INFO')).includes('cluster_state:ok'),
      'the Cluster to cover its slots',
    );
  } finally {
    client.disconnect();
  }
}
