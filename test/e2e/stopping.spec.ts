import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { TestRedisCluster } from '../support/redis-cluster.js';
import { TestRedisSentinel } from '../support/redis-sentinel.js';
import { TestRedis } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitUntil } from '../support/wait-until.js';
import type { StoppingHostPlan } from './stopping-host.js';

/** How long a process with nothing left to run may take to end: two seconds, and what a busy machine adds. What is forgotten takes five. */
const LONGEST_STOP_MS = 3_500;
/** From a fault until the process is told to stop: its connections have noticed, and tried again. */
const NOTICED_MS = 1_000;

type Word = 'signals' | 'started' | 'ran' | 'closed';

/** A host's program, told to stop. */
class StoppingHost {
  readonly said: Word[] = [];
  private readonly child: ChildProcess;

  constructor(plan: StoppingHostPlan) {
    const hook = join(__dirname, '../support/typescript-hook.cjs');
    const args = ['--require', hook, join(__dirname, 'stopping-host.ts'), JSON.stringify(plan)];
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on('line', (line) =>
      this.said.push(line as Word),
    );
  }

  async says(word: Word): Promise<void> {
    await waitUntil(() => this.said.includes(word), `the process to say "${word}"`, 60_000);
  }

  /** @returns how long it took to end, milliseconds, and what with: its exit code, or the signal that ended it */
  async stop(signals: number): Promise<{ tookMs: number; ending: number | NodeJS.Signals | null }> {
    const exit = once(this.child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    const startedAt = performance.now();
    for (let sent = 0; sent < signals; sent++) {
      if (sent > 0) await pause(50);
      this.child.kill('SIGTERM');
    }
    const killer = setTimeout(() => this.child.kill('SIGKILL'), 4 * LONGEST_STOP_MS);
    const [code, signal] = await exit;
    clearTimeout(killer);
    return { tookMs: performance.now() - startedAt, ending: code ?? signal };
  }

  end(): void {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
  }
}

const BUSY: Omit<StoppingHostPlan, 'redis'> = { role: 'both', ends: 'by-itself', adds: true };
const PRODUCER = { ...BUSY, role: 'producer' } as const;
const SIGNALLED = { ...BUSY, ends: 'by-signal' } as const;

describe('a process that is told to stop, with nothing left to run', () => {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  function host(plan: StoppingHostPlan): StoppingHost {
    const started = new StoppingHost(plan);
    ends.push(() => started.end());
    return started;
  }
  async function server(): Promise<TestRedis> {
    const redis = await TestRedis.start(['--appendonly', 'yes']);
    ends.push(() => redis.stop());
    return redis;
  }
  async function expectStopped(stopping: StoppingHost, signals = 1): Promise<void> {
    const { tookMs, ending } = await stopping.stop(signals);
    // A second signal may find it on its way out, where nobody listens any more.
    expect(signals > 1 ? [0, 'SIGTERM'] : [0]).toContain(ending);
    expect(tookMs).toBeLessThan(LONGEST_STOP_MS);
  }

  const faults = {
    answers: () => undefined,
    'was killed': (redis: TestRedis) => redis.kill(),
    'is frozen': (redis: TestRedis) => redis.signal('SIGSTOP'),
  };
  it.each([
    ['answers', 'a busy process', BUSY],
    ['answers', 'an idle one', { ...BUSY, adds: false }],
    ['was killed', 'a busy process', BUSY],
    ['was killed', 'a producer', PRODUCER],
    ['was killed', 'one that Nest ends', SIGNALLED],
    ['is frozen', 'a busy process', BUSY],
    ['is frozen', 'a producer', PRODUCER],
  ] as const)('ends in time while Redis %s: %s', async (fault, _name, plan) => {
    const redis = await server();
    const stopping = host({ ...plan, redis: { url: redis.url } });
    await stopping.says(plan.role === 'producer' ? 'started' : 'ran');
    await faults[fault](redis);
    await pause(NOTICED_MS);
    await expectStopped(stopping, 2);
  });

  // Until the connections are given up, and while they are tried again.
  it.each([NOTICED_MS, 7_000])('ends in time %d ms into a black hole', async (intoMs) => {
    const redis = await server();
    const proxy = await TcpProxy.start(redis.port);
    ends.push(() => proxy.stop());
    const stopping = [BUSY, PRODUCER].map((plan) =>
      host({ ...plan, redis: { host: '127.0.0.1', port: proxy.port } }),
    );
    await Promise.all(stopping.map((one) => one.says('started')));
    await stopping[0]?.says('ran');
    proxy.blackhole();
    await pause(intoMs);
    for (const one of stopping) await expectStopped(one);
  });

  it.each(['signals', 'started'] as const)(
    'ends in time when Redis was away from the start on, as soon as it says "%s"',
    async (word) => {
      const redis = await server();
      await redis.kill();
      for (const plan of word === 'signals' ? [SIGNALLED] : [BUSY, PRODUCER]) {
        const stopping = host({ ...plan, redis: { url: redis.url } });
        await stopping.says(word);
        await expectStopped(stopping);
      }
    },
  );

  it('ends in time in the middle of a start that leads into a black hole', async () => {
    const redis = await server();
    const proxy = await TcpProxy.start(redis.port);
    ends.push(() => proxy.stop());
    proxy.blackhole();
    const stopping = host({ ...SIGNALLED, redis: { host: '127.0.0.1', port: proxy.port } });
    await stopping.says('signals');
    await pause(NOTICED_MS);
    await expectStopped(stopping);
    expect(stopping.said).not.toContain('ran');
  });

  it('ends in time when Sentinels and servers are gone', async () => {
    const sentinel = await TestRedisSentinel.start();
    ends.push(() => sentinel.stop());
    const sentinels = sentinel.sentinels.map(({ host: name, port }) => `${name}:${port}`).join(',');
    const stopping = host({ ...BUSY, redis: { sentinels, sentinelName: sentinel.masterName } });
    await stopping.says('ran');
    await sentinel.stop();
    await pause(NOTICED_MS);
    await expectStopped(stopping);
  });

  it('ends in time when a Cluster is gone', async () => {
    const cluster = await TestRedisCluster.start();
    ends.push(() => cluster.stop());
    const url = cluster.servers.map((one) => one.url).join(',');
    const stopping = host({ ...BUSY, redis: { url } });
    await stopping.says('ran');
    await cluster.stop();
    await pause(NOTICED_MS);
    await expectStopped(stopping);
  });
});
