import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type {
  QueueHealth,
  QueueHistory,
  QueueStats,
  QueueSummary,
  WorkerStatus,
} from '../../src/message-queue/operations/index.js';
import { TestRedis } from '../support/redis-server.js';
import { RedisTap } from '../support/redis-tap.js';
import { waitUntil } from '../support/wait-until.js';
import type { FleetRequest } from './fleet-host.js';

/** A host in a process of its own. */
class Host {
  private constructor(readonly child: ChildProcess) {}

  static async start(redis: TestRedis, role: 'producer' | 'both'): Promise<Host> {
    const child = fork(join(__dirname, 'fleet-host.ts'), [String(redis.port), role], {
      execArgv: ['--require', join(__dirname, '../support/typescript-hook.cjs')],
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const host = new Host(child);
    await host.answer();
    return host;
  }

  async ask<Answer>(request: FleetRequest): Promise<Answer> {
    const answered = this.answer();
    this.child.send(request);
    return (await answered) as Answer;
  }

  private async answer(): Promise<unknown> {
    const [news] = (await once(this.child, 'message')) as [{ answer?: unknown; error?: string }];
    if (news.error !== undefined) throw new Error(news.error);
    return news.answer;
  }
}

/** What is of one moment, or of the one that was asked. */
function lasting({ oldestWaitingMs: _age, ...stats }: QueueStats): Partial<QueueStats> {
  return stats;
}

describe('two processes on one Redis', () => {
  let redis: TestRedis;
  let producer: Host;
  let worker: Host;

  beforeAll(async () => {
    redis = await TestRedis.start();
    [producer, worker] = await Promise.all([Host.start(redis, 'producer'), Host.start(redis, 'both')]);
  });
  afterAll(async () => {
    for (const { child } of [producer, worker]) child.kill('SIGKILL');
    await redis.stop();
  });

  /** Without what the test's Redis is set to. */
  const codes = ({ reasons }: QueueHealth): string[] =>
    reasons.map(({ code }) => code).filter((code) => code !== 'SERVER_SETTING');

  it('know at once that nobody works, and that somebody does', async () => {
    await producer.ask({ ask: 'add', count: 3 });
    expect(codes(await producer.ask<QueueHealth>({ ask: 'health' }))).toEqual(['NO_PROGRESS']);
    await worker.ask({ ask: 'start' });
    await waitUntil(async () => {
      const { workers, slots } = await producer.ask<QueueStats>({ ask: 'stats' });
      return workers === 1 && slots === 4;
    }, 'the producer to hear of the worker');
    expect(codes(await producer.ask<QueueHealth>({ ask: 'health' }))).toEqual([]);
  });

  it('tell the same stats, health, sums and history within one flush', async () => {
    await producer.ask({ ask: 'add', count: 40 });
    await producer.ask({ ask: 'add', count: 60, fails: true });
    const done = async (host: Host): Promise<boolean> => {
      const { attempts, busySlots } = await host.ask<QueueStats>({ ask: 'stats' });
      return attempts === 103 && busySlots === 0;
    };
    await waitUntil(async () => (await done(worker)) && (await done(producer)), 'both to have heard of all');
    const of = async <Answer>(ask: 'stats' | 'health' | 'summary' | 'history'): Promise<Answer[]> =>
      Promise.all([producer.ask<Answer>({ ask }), worker.ask<Answer>({ ask })]);
    const [seen, own] = await of<QueueStats>('stats');
    expect(lasting(seen as QueueStats)).toEqual(lasting(own as QueueStats));
    expect(seen).toMatchObject({ failed: 60, enqueuedLast5m: 103, jobs: { succeed: { attempts: 103 } } });
    expect(seen?.failureRate).toBeCloseTo(60 / 103);
    expect(seen?.waitMs.p95).toBeGreaterThan(0);
    const [health, healthThere] = await of<QueueHealth>('health');
    expect(codes(health as QueueHealth)).toEqual(['FAILURE_RATE']);
    expect(health?.reasons).toEqual(healthThere?.reasons);
    const [sums, sumsThere] = await of<QueueSummary>('summary');
    expect(sums).toEqual(sumsThere);
    expect(sums).toMatchObject({ completedMessages: 43, failedMessages: 60, totalMessages: 103 });
    const [history, historyThere] = await of<QueueHistory>('history');
    expect(history).toEqual(historyThere);
    expect(history?.points.at(-1)).toMatchObject({ added: 103, completed: 43, failed: 60, dead: 60 });
  });

  it('ask Redis once for any number of queues, and never walk what waits', async () => {
    const tap = await RedisTap.on(redis.client());
    // Nothing is to be told first: it was told a moment ago.
    await waitUntil(async () => {
      const before = await tap.text();
      await producer.ask({ ask: 'stats' });
      const sent = (await tap.text()).slice(before.length);
      const commands = sent
        .split('\n')
        .filter((line) => / \d+ 127|\] "/.test(line) && !line.includes(' lua] '));
      const own = commands.filter((line) => !/"(echo|info|ping|hello|client|select|time)"/i.test(line));
      return own.length === 2 && own.every((line) => /"evalsha"/i.test(line));
    }, 'a look of one script for the counts of the queue, and one for the rest');
    tap.close();
  });

  it('count on while Redis is away, and completely when it is back', async () => {
    const before = await producer.ask<QueueSummary>({ ask: 'summary' });
    redis.signal('SIGSTOP');
    await expect(producer.ask({ ask: 'stats' })).rejects.toThrow(/BrokerUnavailableError/);
    redis.signal('SIGCONT');
    await producer.ask({ ask: 'add', count: 20 });
    await waitUntil(async () => {
      const { completedMessages } = await producer.ask<QueueSummary>({ ask: 'summary' });
      return completedMessages === before.completedMessages + 20;
    }, 'all to be counted');
    const history = await producer.ask<QueueHistory>({ ask: 'history' });
    const added = history.points.reduce((sum, point) => sum + point.added, 0);
    expect(added).toBe(before.totalMessages + 20);
  });

  it('list one another, and not who said good-bye', async () => {
    const states = async (): Promise<string[]> => {
      const workers = await producer.ask<WorkerStatus[]>({ ask: 'workers' });
      return workers.map(({ role, state, queues }) => `${role} ${state} ${queues.length}`).sort();
    };
    expect(await states()).toEqual(['both alive 1', 'producer alive 0']);
    const gone = await Host.start(redis, 'both');
    await waitUntil(async () => (await states()).length === 3, 'the third to be seen');
    await gone.ask({ ask: 'stop' });
    expect(await states()).toEqual(['both alive 1', 'producer alive 0']);
    gone.child.kill('SIGKILL');
  });
});
