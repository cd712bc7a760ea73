import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import type { TestCertificate } from './self-signed-certificate.js';

/** Finds the server binary: REDIS_SERVER_BIN, then redis-server and valkey-server on PATH. */
export function findRedisServer(): string {
  const candidates = [process.env['REDIS_SERVER_BIN'], 'redis-server', 'valkey-server'];
  for (const bin of candidates) {
    if (bin && spawnSync(bin, ['--version']).status === 0) return bin;
  }
  throw new Error('The tests need a redis-server: install Debian\'s "redis-server" or set REDIS_SERVER_BIN.');
}

/**
 * A TCP port that was free a moment ago, from below the range that systems give to clients (from 32 768 on Linux): no
 * connection of another test can take it before the server does, nor while a killed server is away.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_768);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

const MOST_TRIES = 5;

/** A redis-server of the tests' own: free port, temporary directory, gone after `stop()` and with this process. */
export class TestRedis {
  private child: ChildProcess | null = null;
  private readonly directory = mkdtempSync(join(tmpdir(), 'mq-redis-'));

  private constructor(
    readonly port: number,
    private readonly settings: readonly string[],
    private readonly certificate: TestCertificate | null,
    private readonly detached: boolean,
  ) {}

  /**
   * @param settings redis-server arguments, e.g. `['--appendonly', 'yes']`; they win over the defaults
   * @param certificate the server speaks TLS alone, with this; it asks clients for none unless the settings say so
   * @param detached signals of the terminal do not reach it
   */
  static async start(
    settings: readonly string[] = [],
    certificate: TestCertificate | null = null,
    detached = false,
  ): Promise<TestRedis> {
    for (let tries = 1; ; tries += 1) {
      const redis = new TestRedis(await freePort(), settings, certificate, detached);
      try {
        await redis.spawn();
        return redis;
      } catch (error) {
        await redis.stop();
        // Another test process chose the same port.
        if (tries === MOST_TRIES) throw error;
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    const pid = this.child?.pid;
    if (pid === undefined) throw new Error('The redis-server is not running.');
    return pid;
  }

  /** Starts the server again on the same port and directory after `kill()` or `stop()`. */
  async spawn(): Promise<void> {
    const child = spawn(
      findRedisServer(),
      [
        ...portSettings(this.port, this.directory, this.certificate),
        ...['--bind', '127.0.0.1', '--dir', this.directory],
        ...['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction', ...this.settings],
      ],
      { stdio: 'ignore', detached: this.detached },
    );
    this.child = child;
    const killWithUs = (): void => void child.kill('SIGKILL');
    process.once('exit', killWithUs);
    child.once('exit', () => process.removeListener('exit', killWithUs));
    await this.untilItAnswers(child);
  }

  /** A connection of the test's own, to be disconnected by it. */
  client(options: RedisOptions = {}): Redis {
    const tls = this.certificate && { tls: { ...this.certificate, rejectUnauthorized: false } };
    return new Redis({ host: '127.0.0.1', port: this.port, ...tls, ...options });
  }

  /** Sends a signal, for example SIGSTOP and SIGCONT to freeze and thaw. */
  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** kill -9: what was not written to disk is lost. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Stops the server and removes its directory. */
  async stop(): Promise<void> {
    await this.end('SIGKILL');
    // A child that rewrites the append-only file outlives its server by a moment.
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.child;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    child.kill(signal);
    await exited;
  }

  /** @throws Error when the process ended, or another server answers on its port */
  private async untilItAnswers(child: ChildProcess): Promise<void> {
    const probe = this.client({ retryStrategy: () => 20, maxRetriesPerRequest: null });
    probe.on('error', () => undefined);
    const ended = new Promise<never>((_, reject) => {
      child.once('exit', (code) =>
        reject(new Error(`The redis-server on port ${this.port} ended with ${code} while it started.`)),
      );
    });
    try {
      await Promise.race([this.untilLoaded(probe, child), ended]);
    } finally {
      probe.disconnect();
    }
  }

  private async untilLoaded(probe: Redis, child: ChildProcess): Promise<void> {
    // While an AOF is loaded the server answers, but not with data.
    while ((await probe.info('persistence')).includes('loading:1')) await probe.ping();
    const pid = /process_id:(\d+)/.exec(await probe.info('server'))?.[1];
    if (pid !== String(child.pid)) throw new Error(`Process ${pid} answers on port ${this.port}.`);
  }
}

/** Arguments of a server, or of a Sentinel, that listens on `port`. */
export function portSettings(port: number, directory: string, certificate: TestCertificate | null): string[] {
  if (certificate === null) return ['--port', String(port)];
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  writeFileSync(cert, certificate.cert);
  writeFileSync(key, certificate.key);
  return [
    ...['--port', '0', '--tls-port', String(port), '--tls-replication', 'yes', '--tls-auth-clients', 'no'],
    ...['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert],
  ];
}
