import { TestPostgres } from '../support/postgres-server.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { Newcomer } from './newcomer.js';
import { isRunning, listeningAddresses, NodeProcess } from './node-process.js';

const APART = ['--workers', 'apart', '--port', '0'];
const AS_EXPECTED = /Everything came out as examples\/expected\.json says\./;

describe('npm run demo -- --workers apart', () => {
  let redis: TestRedis;
  const started: NodeProcess[] = [];
  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterEach(async () => {
    for (const demo of started.splice(0)) {
      demo.signalGroup('SIGKILL');
      await demo.closed;
    }
  });
  afterAll(() => redis.stop());

  function start(args: readonly string[], environment: Record<string, string> = {}): NodeProcess {
    const demo = new NodeProcess('demo/main.js', args, {
      ...{ MESSAGE_QUEUE_PROVIDER: 'redis', REDIS_URL: redis.url, ...environment },
    });
    started.push(demo);
    return demo;
  }

  const workerOf = async (demo: NodeProcess): Promise<number> =>
    Number(await demo.says(/Jobs run in process (\d+), without a web server/));

  it('needs queues that two processes share, and says what to set', async () => {
    const demo = start([...APART, '--exit'], { MESSAGE_QUEUE_PROVIDER: 'memory', REDIS_URL: '' });
    expect(await demo.closed).toBe(1);
    expect(demo.output).toMatch(
      /^\n {2}Starting …\n--workers apart needs .*set MESSAGE_QUEUE_PROVIDER=redis and REDIS_URL.*\n$/,
    );
  });

  it('tells the same story over one SQLite file, and its jobs run in the worker process alone', async () => {
    const demo = start(APART);
    const worker = await workerOf(demo);
    await demo.says(AS_EXPECTED);
    const url = await demo.says(/Chat +(\S+)\//);
    expect(listeningAddresses(worker)).toEqual([]);
    // One for HTTP and Socket.IO, one for mail.
    expect(listeningAddresses(demo.pid)).toHaveLength(2);

    const newcomer = await Newcomer.at(url);
    const stored = async (): Promise<number> => {
      const response = await newcomer.ask('ada', '/api/conversations/two-processes/messages');
      return ((await response.json()) as { items: unknown[] }).items.length;
    };
    process.kill(worker, 'SIGSTOP');
    const message = { recipientId: 'grace', conversationId: 'two-processes', content: 'Hello!' };
    const accepted = await newcomer.send('ada', message);
    expect(accepted.status).toBe(202);
    const waiting = await waitUntil(async () => {
      const response = await newcomer.ask('ada', '/api/queues');
      const queues = (await response.json()) as { name: string; waiting: number }[];
      return queues.find(({ name }) => name === 'message-delivery')?.waiting;
    }, 'the message to wait');
    expect({ waiting, stored: await stored() }).toEqual({ waiting: 1, stored: 0 });
    process.kill(worker, 'SIGCONT');
    await waitUntil(async () => (await stored()) === 1, 'the worker process to deliver it');

    demo.signalGroup('SIGINT');
    expect(await demo.closed).toBe(0);
    expect(isRunning(worker)).toBe(false);
  });

  it('tells it over PostgreSQL, twice on the same one, and stops when its worker dies', async () => {
    const postgres = await TestPostgres.start();
    try {
      const DATABASE_URL = await postgres.createDatabase();
      const first = start([...APART, '--exit'], { DATABASE_URL });
      expect(await first.closed).toBe(0);
      expect(first.output).toMatch(AS_EXPECTED);
      const second = start(APART, { DATABASE_URL });
      await second.says(AS_EXPECTED);
      await second.says(/Stop +Ctrl-C/);
      const worker = await workerOf(second);
      process.kill(worker, 'SIGKILL');
      expect(await second.closed).toBe(1);
      expect(second.output).toContain(
        `The worker process ${worker} was ended by SIGKILL; the demo cannot go on`,
      );
      const [stored] = await postgres.query(
        'SELECT count(*)::int AS batches FROM mq_batch_progress',
        DATABASE_URL,
      );
      expect(stored).toEqual({ batches: 2 });
    } finally {
      await postgres.stop();
    }
  });

  it('stops at once when its worker dies in the middle of the story', async () => {
    const demo = start([...APART, '--exit']);
    const worker = await workerOf(demo);
    await demo.says(/jobs · backoff/);
    process.kill(worker, 'SIGKILL');
    expect(await demo.closed).toBe(1);
    expect(demo.output).toContain(`The worker process ${worker} was ended by SIGKILL; the demo cannot go on`);
    expect(demo.output).not.toMatch(AS_EXPECTED);
  });

  it('stops when its worker cannot start', async () => {
    const demo = start([...APART, '--exit'], { DATABASE_URL: 'postgres://127.0.0.1:1/nowhere' });
    expect(await demo.closed).toBe(1);
    expect(demo.output).not.toContain('could not be closed');
  });

  it('ends both processes and with 130 when Ctrl-C comes before the end of the story', async () => {
    const demo = start([...APART, '--exit']);
    const worker = await workerOf(demo);
    await demo.says(/jobs · backoff/);
    demo.signalGroup('SIGINT');
    expect(await demo.closed).toBe(130);
    expect(isRunning(worker)).toBe(false);
  });

  it('leaves no worker behind when it is killed itself', async () => {
    const demo = start([...APART, '--exit']);
    const worker = await workerOf(demo);
    demo.signal('SIGKILL');
    await waitUntil(() => !isRunning(worker), 'the worker process to end');
  });
});
