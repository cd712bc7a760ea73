import Bull from 'bull';
import { withOtherRedis } from '../../../../../test/support/other-redis.js';
import { completed, testQueue, workOn } from '../../../../../test/support/redis-broker-fixture.js';
import type { SeenRun } from '../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import { completeJobsScript } from '../scripts/complete-jobs.lua.js';
import { takeJobsScript } from '../scripts/take-jobs.lua.js';

const SCRIPTS = [takeJobsScript, completeJobsScript] as { lua: string }[];
const ORIGINAL = SCRIPTS.map(({ lua }) => lua);

describe('an id that stands twice in a lane', () => {
  const stage = redisStage({ withProblems: true });

  afterEach(() => SCRIPTS.forEach((script, i) => (script.lua = ORIGINAL[i] ?? '')));

  /** Plain Bull removes a job but not its id from the lane, and the id is used again. */
  async function addTwice(queue: Bull.Queue): Promise<void> {
    const plain = new Bull('work', { prefix: stage.fixture.prefix, redis: { port: stage.redis.port } });
    try {
      await queue.add('job', { first: true }, { priority: 2, jobId: 'twice' });
      await (await plain.getJob('twice'))?.remove();
    } finally {
      await plain.close();
    }
    await queue.add('job', {}, { priority: 2, jobId: 'twice' });
    expect(await stage.client.lrange(queue.toKey('mq:lane:2'), 0, -1)).toEqual(['twice', 'twice']);
  }

  /** Ids of the runs, of what is left behind, and which problems were reported. */
  async function whatHappened(queue: Bull.Queue, seen: readonly SeenRun[]): Promise<string[]> {
    const left = await stage.client.lrange(queue.toKey('active'), 0, -1);
    return [
      ...seen.map(({ id }) => id),
      ...left.map((id) => `left: ${id}`),
      ...stage.fixture.problems.map(({ kind }) => kind),
    ];
  }

  async function idsTaken(concurrency: number): Promise<string[]> {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    await addTwice(queue);
    await queue.add('job', {}, { priority: 2, jobId: 'last' });
    const { seen } = await workOn(broker, queue, () => completed(), concurrency);
    await waitUntil(async () => (await broker.snapshot(queue)).completed === 2, 'both ends');
    return whatHappened(queue, seen);
  }

  async function idsTakenBeside(): Promise<string[]> {
    const [one, other] = [stage.fixture.broker(), stage.fixture.broker()];
    const [queue, others] = [one.createQueue(testQueue()), other.createQueue(testQueue())];
    await queue.add('job', {}, { priority: 2, jobId: 'twice' });
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const first = await workOn(one, queue, () => ended.then(() => completed()), 1);
    await waitUntil(() => first.seen.length === 1, 'the run');
    await stage.client
      .multi()
      .lpush(queue.toKey('mq:lane:2'), 'twice')
      .zadd(queue.toKey('mq:lanes'), 2, '2')
      .incr(queue.toKey('mq:waiting'))
      .exec();
    const second = await workOn(other, others, () => completed(), 1);
    await queue.add('job', {}, { priority: 2, jobId: 'last' });
    await waitUntil(() => second.seen.length > 0, 'the next job');
    end();
    await waitUntil(async () => (await one.snapshot(queue)).completed === 2, 'both ends');
    return whatHappened(queue, [...first.seen, ...second.seen]);
  }

  it.each([
    ['one after the other', 1],
    ['in one call', 3],
  ])('runs once, taken %s', async (_how, concurrency) => {
    expect(await idsTaken(concurrency)).toEqual(['twice', 'last']);
  });

  it('runs once when another worker holds it', async () => {
    expect(await idsTakenBeside()).toEqual(['twice', 'last']);
  });

  it.each<[string, string, () => Promise<string[]>]>([
    ['in the sets of ended jobs', 'ZSCORE', () => idsTaken(1)],
    ['in active', 'LPOS', () => idsTakenBeside()],
  ])('would run twice if nobody looked for it %s', async (_where, command, ids) => {
    for (const script of SCRIPTS) {
      script.lua = withOtherRedis(script.lua, `if command == '${command}' then return false end`);
    }
    expect((await ids()).filter((id) => id === 'twice').length).toBeGreaterThan(1);
  });

  it('is no reason to pass over a job that a client put back with the mark of its end', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    const { seen } = await workOn(broker, queue);
    const job = await queue.add('job', {}, { jobId: 'twice' });
    await waitUntil(async () => (await broker.snapshot(queue)).completed === 1, 'the end');
    // As a client does that leaves the mark of the end.
    await stage.client
      .multi()
      .zrem(queue.toKey('completed'), 'twice')
      .lpush(queue.toKey('wait'), 'twice')
      .exec();
    await stage.client.hset(queue.toKey(String(job.id)), 'priority', 6);
    await waitUntil(() => seen.length === 2, 'the run again');
    expect(stage.fixture.problems).toEqual([]);
  });
});
