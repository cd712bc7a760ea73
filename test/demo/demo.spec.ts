import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import { QueueName } from '../../src/message-queue/index.js';
import { TestPostgres } from '../support/postgres-server.js';
import { freePort, TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { Newcomer } from './newcomer.js';
import { listeningAddresses, NodeProcess } from './node-process.js';

interface DemoRun {
  readonly code: number | null;
  readonly output: string;
}

/** Runs the built demo to its end. */
async function runDemo(args: readonly string[], environment: Record<string, string> = {}): Promise<DemoRun> {
  const demo = new NodeProcess('demo/main.js', args, environment);
  const code = await demo.closed;
  return { code, output: demo.output };
}

describe('npm run demo', () => {
  const started: NodeProcess[] = [];
  afterEach(async () => {
    for (const demo of started.splice(0)) {
      demo.signalGroup('SIGKILL');
      await demo.closed;
    }
  });

  it('tells its story with nothing installed, shows what it waits for, and ends with 0', async () => {
    const { code, output } = await runDemo(['--exit', '--port', '0']);
    expect(output).toContain('Jobs run in this process.');
    expect(output).toMatch(/backoff: 1 retry in [1-4] s/);
    expect(output).toContain('Everything came out as examples/expected.json says.');
    expect(output).toContain('dead letter: send-notification');
    expect(output).toMatch(
      /parked: "shopping-list-\w+" by job m_[\w-]+\n +in health as KEY_PARKED; 2 wait behind it/,
    );
    expect(output).toContain('alert OldestJobWaits fires:');
    expect(output).toContain('the alert is over');
    expect(output).toMatch(/left: +0, counted again in all \d+ places/);
    const wide = output.split('\n').filter((line) => line.length > 80);
    expect(wide).toEqual([]);
    expect(output).not.toContain('\u001b[');
    expect(code).toBe(0);
  });

  it('tells the same story where adds run their jobs, without Redis: whoever adds tries again', async () => {
    const { code, output } = await runDemo(['--exit', '--port', '0'], { MESSAGE_QUEUE_PROVIDER: 'sync' });
    expect(output).toContain('Queues: sync.');
    expect(output).toContain('Everything came out as examples/expected.json says.');
    expect(code).toBe(0);
  });

  it('leaves the conversation in the chat and a dead letter to replay, until Ctrl-C, and ends with 0', async () => {
    const port = String(await freePort());
    const demo = new NodeProcess('demo/main.js', [], { PORT: port });
    started.push(demo);
    await demo.says(/One dead letter is left/);
    const url = `http://127.0.0.1:${port}`;
    // Where to look, said before.
    for (const path of ['/admin/console', '/admin/queues', '/api/queue/health', '/metrics']) {
      expect(demo.output).toContain(`${url}${path}`);
      expect((await fetch(url + path)).status).toBe(200);
    }
    expect(listeningAddresses(demo.pid)).toContain(`127.0.0.1:${port}`);
    const newcomer = await Newcomer.at(url);
    const ask = async <T>(path: string, method = 'GET'): Promise<T> => {
      const answer = await newcomer.ask('amina', path, { method });
      expect(answer.status).toBeLessThan(300);
      const text = await answer.text();
      return (text === '' ? undefined : JSON.parse(text)) as T;
    };
    const { items } = await ask<{ items: { id: string; title: string }[] }>('/api/conversations');
    expect(items.map(({ title }) => title)).toEqual([
      ...["Saturday's van route", 'Amina and Oksana', 'Community kitchen'],
    ]);
    const first = await ask<{ items: unknown[] }>(`/api/conversations/${items[0]?.id}/messages`);
    expect(first.items).toHaveLength(12);

    const failed = async (): Promise<{ id: string }[]> => {
      const path =
        '/admin/queues/api/queues?activeQueue=message-notification&status=failed&page=1&jobsPerPage=10';
      const { queues } = await ask<{ queues: { name: string; jobs: { id: string }[] }[] }>(path);
      return queues.find(({ name }) => name === 'message-notification')?.jobs ?? [];
    };
    const [letter, ...more] = await failed();
    expect(more).toEqual([]);
    await ask(`/admin/queues/api/queues/message-notification/${letter?.id}/retry`, 'PUT');
    await waitUntil(async () => (await failed()).length === 0, 'the replayed mail to be sent');
    demo.signalGroup('SIGINT');
    expect(await demo.closed).toBe(0);
    expect(demo.output).toContain('Stopping: jobs that are running end first.');
  });

  it('ends with 130 when Ctrl-C comes before the end of the story', async () => {
    const demo = new NodeProcess('demo/main.js', ['--exit', '--port', '0']);
    await demo.says(/backoff/);
    demo.signalGroup('SIGINT');
    expect(await demo.closed).toBe(130);
    expect(demo.output).toContain('Stopped by SIGINT.');
  });

  it('explains itself, without colours where there is no terminal', async () => {
    const { code, output } = await runDemo(['--help']);
    expect(output).toContain('Usage: npm run demo');
    expect(output).toContain('--workers apart');
    expect(output).not.toContain('\u001b[');
    expect(code).toBe(0);
  });

  it.each([
    ['--port', 'many', '--port must be a whole number from 0 to 65535, not "many".\n'],
    ['--workers', 'elsewhere', '--workers must be "here" or "apart", not "elsewhere".\n'],
    [
      '--foo',
      '--exit',
      "Unknown option '--foo'. Allowed are --exit, --port <n>, --workers here|apart and --help.\n",
    ],
  ])('says in one line what is wrong with %s %s, and ends with 1', async (option, value, line) => {
    expect(await runDemo([option, value])).toEqual({ code: 1, output: line });
  });

  it('says what to do when its port is taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const { port } = server.address() as AddressInfo;
    const { code, output } = await runDemo(['--port', String(port)]);
    await new Promise((resolve) => server.close(resolve));
    expect(output).toContain(
      `Port ${port} is taken: choose another with --port <n>, or let --port 0 pick a free one.`,
    );
    expect(code).toBe(1);
  });

  it('says what is wrong in its environment', async () => {
    const { code, output } = await runDemo(['--exit', '--port', '0'], { MESSAGE_QUEUE_PROVIDER: 'reds' });
    expect(output).toContain(
      'MESSAGE_QUEUE_PROVIDER: must be one of "memory", "redis", "sync", got "reds" (did you mean "redis"?)',
    );
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
