import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { QueueName } from '../../src/message-queue/index.js';
import { TestPostgres } from '../support/postgres-server.js';
import { TestRedis } from '../support/redis-server.js';

const ROOT = join(__dirname, '..', '..');

interface DemoRun {
  readonly code: number | null;
  readonly output: string;
}

/** Runs the built demo as a user does, with nothing in its environment but what is given. */
function runDemo(args: readonly string[], environment: Record<string, string> = {}): Promise<DemoRun> {
  return new Promise((resolve, reject) => {
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, [join(ROOT, 'dist', 'demo', 'main.js'), ...args], {
      cwd: ROOT,
      env: { PATH, ...environment },
    });
    let output = '';
    child.stdout.on('data', (part: Buffer) => (output += part.toString()));
    child.stderr.on('data', (part: Buffer) => (output += part.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

describe('npm run demo', () => {
  it('tells its story with nothing installed, and ends with 0', async () => {
    const { code, output } = await runDemo(['--exit', '--port', '0']);
    expect(output).toContain('Everything came out as examples/expected.json says.');
    expect(output).toContain('dead letter: send-notification');
    expect(code).toBe(0);
  });

  it('writes no colours where there is no terminal', async () => {
    const { output } = await runDemo(['--help']);
    expect(output).toContain('Usage: npm run demo');
    expect(output).not.toContain('\u001b[');
  });

  it('says what is wrong with an argument, and ends with 1', async () => {
    const { code, output } = await runDemo(['--port', 'many']);
    expect(output).toContain('--port must be a whole number from 0 to 65535, not "many".');
    expect(code).toBe(1);
  });

  it('tells the same story on Redis, twice on the same one, with keys of all six queues', async () => {
    const redis = await TestRedis.start();
    const client = new Redis(redis.url);
    try {
      const environment = { MESSAGE_QUEUE_PROVIDER: 'redis', REDIS_URL: redis.url };
      for (const _ of [1, 2]) {
        const { code, output } = await runDemo(['--exit', '--port', '0'], environment);
        expect(output).toContain('Queues: redis.');
        expect(output).toContain('Everything came out as examples/expected.json says.');
        expect(code).toBe(0);
      }
      const keys = await client.keys('*');
      const withKeys = Object.values(QueueName).filter((name) =>
        keys.some((key) => key.includes(`:${name}:`)),
      );
      expect(withKeys).toEqual(Object.values(QueueName));
    } finally {
      client.disconnect();
      await redis.stop();
    }
  });

  it('tells it with its messages in PostgreSQL and its queues in Redis, twice on the same ones', async () => {
    const redis = await TestRedis.start();
    const postgres = await TestPostgres.start();
    try {
      const database = await postgres.createDatabase();
      const environment = {
        ...{ MESSAGE_QUEUE_PROVIDER: 'redis', REDIS_URL: redis.url },
        DATABASE_URL: database,
      };
      for (const _ of [1, 2]) {
        const { code, output } = await runDemo(['--exit', '--port', '0'], environment);
        expect(output).toContain('Queues: redis. Messages: the database of DATABASE_URL.');
        expect(output).toContain('Everything came out as examples/expected.json says.');
        expect(code).toBe(0);
      }
      const [stored] = await postgres.query(
        'SELECT count(*)::int AS batches FROM mq_batch_progress',
        database,
      );
      expect(stored).toEqual({ batches: 2 });
    } finally {
      await postgres.stop();
      await redis.stop();
    }
  });
});
