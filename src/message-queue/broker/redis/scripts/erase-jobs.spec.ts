import type { Queue } from 'bull';
import { testQueue, workOn } from '../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import { SHREDDED } from '../../../jobs/settlement.js';
import type { ManagedJobOptions } from '../../../jobs/managed-job.js';
import type { RedisBroker } from '../redis-broker.js';

const LATER = { delay: 3_600_000 };

describe('jobs that are erased from Redis', () => {
  const stage = redisStage();
  let broker: RedisBroker;
  let queue: Queue;

  beforeEach(() => {
    broker = stage.fixture.broker();
    queue = broker.createQueue(testQueue());
  });

  const key = (name: string): string => `${stage.fixture.prefix}:work:${name}`;
  const add = async (options: ManagedJobOptions = {}): Promise<string> =>
    (await broker.addOnce(queue, { name: 'job', data: { about: 'c-1' }, options })).id;

  /** Everything that Redis holds of the queue: keys, and what stands in them. */
  async function stored(): Promise<string> {
    const keys = await stage.client.keys(key('*'));
    const texts = await Promise.all(
      keys.map(async (name): Promise<unknown> => {
        const type = await stage.client.type(name);
        if (type === 'hash') return stage.client.hgetall(name);
        if (type === 'list') return stage.client.lrange(name, 0, -1);
        if (type === 'set') return stage.client.smembers(name);
        return type === 'zset' ? stage.client.zrange(name, 0, -1) : stage.client.get(name);
      }),
    );
    // Random numbers may look like anything.
    const names = keys.map((name) => name.replace(/(mq:reply):.*/, '$1'));
    return JSON.stringify([names, texts]);
  }

  it('leave nothing behind that names them, however they were added', async () => {
    const ids = ['in-lane', 'in-default-lane', 'lifo', 'later', 'settled-down'];
    const [lane, usual, lifo, later, debounced] = ids as [string, string, string, string, string];
    await add({ jobId: lane, priority: 3 });
    await add({ jobId: usual });
    await add({ jobId: lifo, lifo: true });
    await add({ jobId: later, ...LATER });
    await add({ jobId: debounced, debounce: { id: 'a-debounce', ttl: 60_000 } });
    const { id } = await broker.addOnce(queue, {
      ...{ name: 'job', data: { about: 'c-1' }, options: { jobId: 'once' } },
      idempotency: { key: 'a-key', names: ['a-name'], fingerprint: 'f', ttlMs: 60_000 },
    });
    await (await queue.getJob(usual))?.log('a line');
    expect((await broker.jobsOf(queue).erase([...ids, id])).removed.toSorted()).toEqual(
      [...ids, id].toSorted(),
    );
    expect(await stored()).not.toMatch(
      /c-1|in-lane|in-default|lifo|later|settled-down|a-debounce|a-line|a-key|a-name|once"/,
    );
    expect(await broker.snapshot(queue)).toMatchObject({ waiting: 0, delayed: 0 });
  });

  it('that a plain Bull producer put into its list with a priority leave that too', async () => {
    const id = await add({ jobId: 'plain' });
    await stage.client.zadd(key('priority'), 2, id);
    await broker.jobsOf(queue).erase([id]);
    expect(await stage.client.exists(key('priority'), key('wait'))).toBe(0);
  });

  it('go although their worker died with them, and are told as ended', async () => {
    const id = await add();
    const { worker } = await workOn(broker, queue, () => new Promise<never>(() => undefined));
    await waitUntil(() => worker.active.size === 1, 'the run');
    expect(await broker.jobsOf(queue).erase([id])).toEqual({ removed: [], running: [id] });
    await stage.client.del(key(`${id}:lock`));
    const ends: unknown[] = [];
    queue.on('ended' as never, (end: unknown) => void ends.push(end));
    expect(await broker.jobsOf(queue).erase([id])).toEqual({ removed: [id], running: [] });
    expect(ends).toMatchObject([{ jobId: id, outcome: 'shredded' }]);
    expect(await stage.client.exists(key('active'), key(id), key('mq:ahead'))).toBe(0);
  });

  it('are aborted although the message was lost, with the next renewal of their locks', async () => {
    const id = await add();
    const listening = stage.fixture.broker({ lock: { durationMs: 600, renewMs: 50 } });
    const worked = listening.createQueue(testQueue());
    const { worker } = await workOn(listening, worked, async (taken) => {
      await new Promise((resolve) => taken.onAbort(resolve));
      return SHREDDED;
    });
    await waitUntil(() => worker.active.size === 1, 'the run');
    await stage.client.hset(key(id), 'mqErased', '1');
    await waitUntil(async () => (await (await queue.getJob(id))?.getState()) === 'completed', 'the end');
    expect((await queue.getJob(id))?.returnvalue).toEqual({ 'mq:ended': 'shredded' });
  });
});
