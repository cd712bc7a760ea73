import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { openReplays, REPLAY_BASE, REPLAY_BATCH } from './replay-bench.js';
import { workerScript } from './worker-script.js';

const LETTERS = 4_000;
const DEADLINE_MS = 60_000;
/** Dead letters that are left when the kill comes. */
const KILL_AT = 0.7 * LETTERS;

interface StoredRecord {
  readonly mq?: { readonly replays?: readonly unknown[] };
}

describe('a replay of all dead letters that is killed on the way', () => {
  let redis: TestRedis;
  let client: Redis;
  let here: ReturnType<typeof openReplays>;
  let ids: ReadonlySet<string>;

  beforeEach(async () => {
    redis = await TestRedis.start(['--appendonly', 'yes', '--appendfsync', 'no']);
    client = new Redis(redis.port);
    client.on('error', () => undefined);
    here = openReplays(redis.port);
    ids = await bury();
    // From here on what Redis said is on the disk.
    await client.config('SET', 'appendfsync', 'always');
  }, DEADLINE_MS);
  afterEach(async () => {
    await here.broker.close();
    client.disconnect();
    await redis.stop();
  }, DEADLINE_MS);

  /** Makes the dead letters. @returns their ids */
  async function bury(): Promise<ReadonlySet<string>> {
    const requests = Array.from({ length: LETTERS }, (_, n) => ({
      ...{ name: 'send', data: { n } },
      options: { priority: (n % 3) + 1 },
    }));
    const outcomes = await here.broker.addMany(here.queue, requests);
    const worker = await here.broker.work(here.queue, 100, async () => {
      const failure = { at: Date.now(), attempt: 1, kind: 'error', error: 'Error', message: 'no' } as const;
      return { kind: 'failed', error: new Error('no'), retryDelayMs: null, failure };
    });
    await waitUntil(async () => (await failedCount()) === LETTERS, 'the dead letters', 30_000);
    await worker.stopFetching();
    return new Set(outcomes.map((outcome) => ('id' in outcome ? outcome.id : '')));
  }

  const failedCount = (): Promise<number> => client.zcard(`${REPLAY_BASE}failed`);

  /** Counts every letter where it is now: each must be in one place, with what was replayed on its record. */
  async function expectNoneLost(): Promise<{ failed: number; waiting: number }> {
    const failed = await client.zrange(`${REPLAY_BASE}failed`, 0, -1);
    const waiting = await client.lrange(`${REPLAY_BASE}wait`, 0, -1);
    expect(failed.length + waiting.length).toBe(LETTERS);
    expect(new Set([...failed, ...waiting])).toEqual(ids);
    const replaysOf = async (id: string): Promise<number> => {
      const opts = JSON.parse((await client.hget(REPLAY_BASE + id, 'opts')) ?? 'null') as StoredRecord;
      return opts.mq?.replays?.length ?? 0;
    };
    expect(new Set(await Promise.all(failed.map(replaysOf)))).toEqual(new Set(failed.length > 0 ? [0] : []));
    expect(new Set(await Promise.all(waiting.map(replaysOf)))).toEqual(new Set([1]));
    return { failed: failed.length, waiting: waiting.length };
  }

  /** What is left is replayed, and every letter runs once. */
  async function expectTheRestToGo(left: number): Promise<void> {
    expect(await here.deadLetters.replayAll({ by: 'second' })).toMatchObject({
      ...{ matched: left, replayed: left, complete: true },
    });
    expect(await expectNoneLost()).toEqual({ failed: 0, waiting: LETTERS });
    const runs = new Map<string, number>();
    const other = openReplays(redis.port);
    try {
      const worker = await other.broker.work(other.queue, 100, async ({ job }) => {
        runs.set(String(job.id), (runs.get(String(job.id)) ?? 0) + 1);
        return { kind: 'completed', result: null };
      });
      await waitUntil(() => runs.size === LETTERS, 'all to run', 30_000);
      await worker.whenIdle();
      expect(await other.broker.snapshot(other.queue)).toMatchObject({ waiting: 0, active: 0, failed: 0 });
    } finally {
      await other.broker.close();
    }
    expect(new Set(runs.keys())).toEqual(ids);
    expect(new Set(runs.values())).toEqual(new Set([1]));
  }

  it(
    'loses none when its process dies',
    async () => {
      const script = workerScript('replay-host');
      try {
        const env = { ...process.env, ...(script.nodePath !== '' && { NODE_PATH: script.nodePath }) };
        const child = fork(script.file, [String(redis.port)], { env, execArgv: [] });
        const exited = once(child, 'exit');
        await waitUntil(async () => (await failedCount()) < KILL_AT, 'the replay to be on its way', 30_000);
        child.kill('SIGKILL');
        await exited;
      } finally {
        script.remove();
      }
      const { failed } = await expectNoneLost();
      expect(failed).toBeGreaterThan(0);
      await expectTheRestToGo(failed);
    },
    DEADLINE_MS,
  );

  it(
    'loses none when Redis dies',
    async () => {
      const replay = here.deadLetters
        .replayAll({ by: 'first', batchSize: REPLAY_BATCH })
        .catch((error: unknown) => error);
      await waitUntil(async () => (await failedCount()) < KILL_AT, 'the replay to be on its way', 30_000);
      await redis.kill();
      await redis.spawn();
      await replay;
      const { failed } = await expectNoneLost();
      await expectTheRestToGo(failed);
    },
    DEADLINE_MS,
  );
});
