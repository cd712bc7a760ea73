import { Redis } from 'ioredis';
import { TestRedis } from '../test/support/redis-server.js';

/** The redis-server of a run of the bench. */
export class BenchServer {
  private constructor(
    private readonly redis: TestRedis,
    private readonly client: Redis,
    readonly version: string,
  ) {}

  /** Starts it, out of reach of the terminal's signals. */
  static async start(): Promise<BenchServer> {
    const redis = await TestRedis.start([], null, true);
    const client = new Redis(redis.url);
    // An interrupted run takes the server away from under everybody's connections.
    client.on('error', () => undefined);
    const version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? '?';
    return new BenchServer(redis, client, version);
  }

  get port(): number {
    return this.redis.port;
  }

  /** Deletes everything. */
  async flush(): Promise<void> {
    await this.client.flushall();
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    await this.redis.stop();
  }
}

/** Says on stderr what is being done now: on a terminal, in the same line. */
export function showProgress(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${what}`);
}
