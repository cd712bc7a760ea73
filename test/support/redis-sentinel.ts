import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findRedisServer, freePort, portSettings, TestRedis } from './redis-server.js';
import type { TestCertificate } from './self-signed-certificate.js';
import { waitUntil } from './wait-until.js';

const MASTER_NAME = 'mymaster';

/** A master with a replica, and three sentinels that watch them. */
export class TestRedisSentinel {
  private constructor(
    readonly master: TestRedis,
    readonly replica: TestRedis,
    private readonly processes: readonly ChildProcess[],
    private readonly directory: string,
    readonly sentinels: readonly { host: string; port: number }[],
    private readonly certificate: TestCertificate | null,
  ) {}

  readonly masterName = MASTER_NAME;

  /** @param certificate servers and Sentinels speak TLS alone, with this */
  static async start(certificate: TestCertificate | null = null): Promise<TestRedisSentinel> {
    const master = await TestRedis.start([], certificate);
    const replica = await TestRedis.start(['--replicaof', '127.0.0.1', String(master.port)], certificate);
    const directory = mkdtempSync(join(tmpdir(), 'mq-sentinel-'));
    const sentinels: { host: string; port: number }[] = [];
    const processes: ChildProcess[] = [];
    for (let i = 0; i < 3; i += 1) {
      const port = await freePort();
      processes.push(startSentinel(directory, port, master.port, certificate));
      sentinels.push({ host: '127.0.0.1', port });
    }
    const started = new TestRedisSentinel(
      ...([master, replica, processes, directory, sentinels, certificate] as const),
    );
    await waitUntil(() => started.agree(master.port), 'the sentinels to know each other and the replica');
    return started;
  }

  /** Resolves when the sentinels name the replica as the master. */
  async failedOver(): Promise<void> {
    await waitUntil(() => this.masterPort().then((port) => port === this.replica.port), 'the failover');
  }

  async stop(): Promise<void> {
    const alive = this.processes.filter((child) => child.exitCode === null && child.signalCode === null);
    const exited = alive.map((child) => once(child, 'exit'));
    for (const child of alive) child.kill('SIGKILL');
    // Until then they may write their configuration into the directory.
    await Promise.all(exited);
    await Promise.all([this.master.stop(), this.replica.stop()]);
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async masterPort(): Promise<number> {
    const address = await this.ask(this.sentinels[0]?.port ?? 0, [
      'SENTINEL',
      'get-master-addr-by-name',
      MASTER_NAME,
    ]);
    return Number((address as string[])[1]);
  }

  private async agree(masterPort: number): Promise<boolean> {
    const states = await Promise.all(
      this.sentinels.map(async ({ port }) => {
        const fields = (await this.ask(port, ['SENTINEL', 'master', MASTER_NAME])) as string[];
        const field = (name: string): string | undefined => fields[fields.indexOf(name) + 1];
        return (
          field('num-other-sentinels') === '2' &&
          field('num-slaves') === '1' &&
          field('port') === String(masterPort)
        );
      }),
    ).catch(() => [false]);
    return states.every(Boolean);
  }

  private async ask(port: number, [command = '', ...args]: string[]): Promise<unknown> {
    const client = new Redis({
      ...{ port, lazyConnect: true, maxRetriesPerRequest: 1, retryStrategy: () => null },
      ...(this.certificate && { tls: { ...this.certificate, rejectUnauthorized: false } }),
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await client.call(command, ...args);
    } finally {
      client.disconnect();
    }
  }
}

function startSentinel(
  parent: string,
  port: number,
  masterPort: number,
  certificate: TestCertificate | null,
): ChildProcess {
  const directory = join(parent, String(port));
  mkdirSync(directory);
  const file = join(directory, 'sentinel.conf');
  const listening = portSettings(port, directory, certificate).join(' ').split('--').filter(Boolean);
  writeFileSync(
    file,
    [
      ...listening,
      'bind 127.0.0.1',
      `dir ${directory}`,
      `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${masterPort} 2`,
      `sentinel down-after-milliseconds ${MASTER_NAME} 1000`,
      `sentinel failover-timeout ${MASTER_NAME} 5000`,
    ].join('\n'),
  );
  const child = spawn(findRedisServer(), [file, '--sentinel'], { stdio: 'ignore' });
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  child.once('exit', () => process.removeListener('exit', killWithUs));
  return child;
}
