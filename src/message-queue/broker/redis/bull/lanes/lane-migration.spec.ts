import Bull from 'bull';
import { completed, testQueue, workOn } from '../../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../../../test/support/wait-until.js';
import type { RedisQueue } from '../redis-queue.js';

const LEVELS = [0, 1, 3, 6, 9, 10, 400];
const WAITING = 2_500;

/** How the version before lanes took a job, and how it put one back whose worker had died. */
const OLD_TAKE = `
  local id = redis.call('RPOPLPUSH', KEYS[1] .. 'wait', KEYS[1] .. 'active')
  if not id then return false end
  redis.call('ZREM', KEYS[1] .. 'priority', id)
  redis.call('SET', KEYS[1] .. id .. ':lock', 'old', 'PX', 60000)
  return id`;
const OLD_RECOVERY = `
  redis.call('DEL', KEYS[1] .. ARGV[1] .. ':lock')
  redis.call('LREM', KEYS[1] .. 'active', 1, ARGV[1])
  local priority = tonumber(redis.call('HGET', KEYS[1] .. ARGV[1], 'priority'))
  if priority == 0 then return redis.call('LPUSH', KEYS[1] .. 'wait', ARGV[1]) end
  redis.call('ZADD', KEYS[1] .. 'priority', priority, ARGV[1])
  local ahead = redis.call('ZCOUNT', KEYS[1] .. 'priority', '-inf', '(' .. priority)
  local pivot = ahead > 0 and redis.call('LINDEX', KEYS[1] .. 'wait', -ahead)
  if not pivot then return redis.call('RPUSH', KEYS[1] .. 'wait', ARGV[1]) end
  redis.call('LINSERT', KEYS[1] .. 'wait', 'BEFORE', pivot, ARGV[1])`;
const OLD_END = `
  redis.call('DEL', KEYS[1] .. ARGV[1] .. ':lock')
  redis.call('LREM', KEYS[1] .. 'active', 1, ARGV[1])
  redis.call('ZADD', KEYS[1] .. 'completed', 1, ARGV[1])`;

describe('a store of the version before lanes', () => {
  const stage = redisStage();
  let plain: Bull.Queue;

  beforeEach(() => {
    plain = new Bull('work', { prefix: stage.fixture.prefix, redis: { port: stage.redis.port } });
  });
  afterEach(() => plain.close());

  /** Waiting jobs as that version left them: one list, and a zset of those with a priority. @returns their ids in order */
  async function fill(): Promise<string[]> {
    const jobs = Array.from({ length: WAITING }, (_, i) => ({
      id: `j-${i}`,
      i,
      level: LEVELS[(i * 7 + (i % 5)) % LEVELS.length] ?? 0,
    }));
    for (let from = 0; from < WAITING; from += 500) {
      const part = jobs.slice(from, from + 500);
      await plain.addBulk(
        part.map(({ id, level }) => ({ name: 'job', data: {}, opts: { jobId: id, priority: level } })),
      );
    }
    const rank = (level: number): number => (level === 0 ? Number.MAX_SAFE_INTEGER : level);
    return jobs.sort((a, b) => rank(a.level) - rank(b.level) || a.i - b.i).map(({ id }) => id);
  }

  it('is sorted into lanes before the first take; jobs in every state stay what they are', async () => {
    const active = await plain.add('job', {}, { jobId: 'running', priority: 2 });
    await stage.client.eval(OLD_TAKE, 1, plain.toKey(''));
    const delayed = await plain.add('job', {}, { jobId: 'late', priority: 2, delay: 60_000 });
    await plain.add('job', {}, { repeat: { cron: '0 0 1 1 *' }, jobId: 'yearly' });
    const expected = await fill();
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue()) as RedisQueue;
    const { seen } = await workOn(broker, queue, () => completed(), 1);
    await waitUntil(() => seen.length >= WAITING, 'all to run', 60_000);
    expect(seen.map(({ id }) => id)).toEqual(expected);
    expect([await active.getState(), await delayed.getState()]).toEqual(['active', 'delayed']);
    expect(await queue.getRepeatableCount()).toBe(1);
    await (await queue.getJob('late'))?.promote();
    await waitUntil(() => seen.length === WAITING + 1, 'the delayed job');
    expect(await stage.client.exists(queue.toKey('priority'), queue.toKey('mq:waiting'))).toBe(0);
  }, 90_000);

  it('stays paused, and runs in order when it is resumed', async () => {
    const expected = await fill();
    await plain.pause();
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue()) as RedisQueue;
    const { seen } = await workOn(broker, queue, () => completed(), 1);
    await waitUntil(async () => (await stage.client.exists(queue.toKey('priority'))) === 0, 'the lanes');
    expect(await queue.getRanges(['paused'], 0, 20, true)).toEqual(expected.slice(0, 21));
    expect([await queue.getPausedCount(), seen.length]).toEqual([WAITING, 0]);
    await plain.resume();
    await waitUntil(() => seen.length >= WAITING, 'all to run', 60_000);
    expect(seen.map(({ id }) => id)).toEqual(expected);
  }, 90_000);

  it('is shared with a worker of that version: nothing lost, nothing run twice', async () => {
    const expected = await fill();
    const base = plain.toKey('');
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue()) as RedisQueue;
    const ranThere: string[] = [];
    let recovered = 0;
    const old = (async () => {
      for (let taken = 0; ; taken += 1) {
        const id = (await stage.client.eval(OLD_TAKE, 1, base)) as string | null;
        if (id === null) return;
        // Every third time its worker dies, and another puts the job back.
        if (taken % 3 === 0) {
          recovered += 1;
          await stage.client.eval(OLD_RECOVERY, 1, base, id);
          continue;
        }
        ranThere.push(id);
        await stage.client.eval(OLD_END, 1, base, id);
        if (taken % 10 === 0) await plain.add('job', {}, { jobId: `more-${taken}`, priority: 6 });
      }
    })();
    const { seen } = await workOn(broker, queue, () => completed(), 5);
    await old;
    await waitUntil(
      async () => (await queue.getJobCountByTypes(['waiting', 'active'])) === 0,
      'the end',
      60_000,
    );
    const all = [...ranThere, ...seen.map(({ id }) => id)];
    expect(recovered).toBeGreaterThan(0);
    expect(new Set(all).size).toBe(all.length);
    expect(all.filter((id) => id.startsWith('j-')).sort()).toEqual([...expected].sort());
    const more = Array.from(await stage.client.keys(`${base}more-*`));
    expect(all.filter((id) => id.startsWith('more-'))).toHaveLength(
      more.filter((key) => !key.endsWith(':lock')).length,
    );
  }, 90_000);
});
