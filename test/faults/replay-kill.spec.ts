import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { openReplays, REPLAY_BASE, REPLAY_BATCH } from './replay-bench.js';
import { workerScript } from './process/worker-script.js';
import { JobResult } from '../../src/message-queue/jobs/job-result.js';

const LETTERS = 4_000;
const DEADLINE_MS = 60_000;
/** Dead letters that are left when the kill comes. */
const KILL_AT = 0.7 * LETTERS;

/** Every letter with its place and its stored options, in one step: a replay may still be moving them. */
const READ_LETTERS = `
  local letters = {}
  local function note(place, ids)
    for _, id in ipairs(ids) do
      letters[#letters + 1] = { place, id, redis.call('HGET', KEYS[1] .. id, 'opts') or 'null' }
    end
  end
  note('failed', redis.call('ZRANGE', KEYS[1] .. 'failed', 0, -1))
  for level = 1, 3 do note('waiting', redis.call('LRANGE', KEYS[1] .. 'mq:lane:' .. level, 0, -1)) end
  return letters`;

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
    expect(outcomes.filter(({ outcome }) => outcome !== 'added')).toEqual([]);
    const worker = await here.broker.work(here.queue, 100, async () => {
      const failure = { at: Date.now(), attempt: 1, kind: 'error', error: 'Error', message: 'no' } as const;
      return { kind: 'failed', error: new Error('no'), retryDelayMs: null, failure };
    });
    await waitUntil(async () => (await failedCount()) === LETTERS, 'the dead letters');
    await worker.stopFetching();
    return new Set(outcomes.map((outcome) => ('id' in outcome ? outcome.id : '')));
  }

  const failedCount = (): Promise<number> => client.zcard(`${REPLAY_BASE}failed`);

  /** Counts every letter where it is now: each must be in one place, with what was replayed on its record. */
  async function expectNoneLost(): Promise<{ failed: number; waiting: number }> {
    const letters = (await client.eval(READ_LETTERS, 1, REPLAY_BASE)) as [string, string, string][];
    expect(letters.map(([, id]) => id).sort()).toEqual([...ids].sort());
    const replays = { failed: 0, waiting: 1 };
    const counts = { failed: 0, waiting: 0 };
    for (const [place, id, opts] of letters as ['failed' | 'waiting', string, string][]) {
      const { mq } = JSON.parse(opts) as StoredRecord;
      expect({ id, place, replays: mq?.replays?.length ?? 0 }).toEqual({
        id,
        place,
        replays: replays[place],
      });
      counts[place] += 1;
    }
    return counts;
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
        return { kind: 'completed', result: JobResult.nothing };
      });
      await waitUntil(() => runs.size === LETTERS, 'all to run');
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
        await waitUntil(async () => (await failedCount()) < KILL_AT, 'the replay to be on its way');
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
      await waitUntil(async () => (await failedCount()) < KILL_AT, 'the replay to be on its way');
      await redis.kill();
      await redis.spawn();
      await replay;
      // A step that Redis had not answered is sent again and moves its letters; this answer comes after it.
      await here.broker.snapshot(here.queue);
      const { failed } = await expectNoneLost();
      await expectTheRestToGo(failed);
    },
    DEADLINE_MS,
  );
});
