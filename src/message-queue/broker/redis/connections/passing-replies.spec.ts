import { completed, failed, testQueue, workOn } from '../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import type { TakenJob } from '../../../jobs/taken-job.js';
import type { Settlement } from '../../../jobs/settlement.js';

/** As long as a failover or a replica's restart takes. */
const SPELL_MS = 1_200;

/** How a job may end, and in what state that leaves it. */
const ENDS: readonly [end: string, state: string, settle: (taken: TakenJob) => Settlement][] = [
  ['completed', 'completed', () => completed({ ok: true })],
  ['failed for good', 'failed', (taken) => failed(taken, null)],
  ['is to run again', 'delayed', (taken) => failed(taken, 60_000)],
  ['was put off', 'delayed', () => ({ kind: 'deferred', delayMs: 60_000, reason: 'later' })],
];

describe('a Redis that refuses writes for a moment', () => {
  const stage = redisStage({ withProblems: true });

  /** From now on every write is answered with NOREPLICAS, for {@link SPELL_MS}. */
  async function withoutReplicas(): Promise<void> {
    await stage.client.config('SET', 'min-replicas-to-write', 1);
    setTimeout(() => void stage.client.config('SET', 'min-replicas-to-write', 0), SPELL_MS);
  }

  it.each(ENDS)('stores once that a job %s while it refused', async (_end, state, settle) => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    const { seen } = await workOn(broker, queue, async (taken) => {
      await withoutReplicas();
      return settle(taken);
    });
    const { id } = await broker.addOnce(queue, { name: 'job', data: {}, options: {} });
    await waitUntil(
      async () => (await (await queue.getJob(id))?.getState()) === state,
      `the job to be ${state}`,
    );
    expect(seen).toHaveLength(1);
    expect(await broker.snapshot(queue)).toMatchObject({ waiting: 0, active: 0 });
    expect(stage.fixture.problems.filter(({ kind }) => kind !== 'connection')).toEqual([]);
  });

  it('goes on reading while it refuses', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    for (const jobId of ['waits', 'dead']) {
      await broker.addOnce(queue, { name: 'job', data: {}, options: { jobId } });
    }
    await broker.cancel(queue, 'dead', 'no');
    // A plain Bull producer's: it is sorted into its lane by the next call that may write.
    const base = `${stage.fixture.prefix}:work:`;
    await stage.client.hset(`${base}plain`, {
      name: 'job',
      data: '{}',
      opts: '{}',
      timestamp: 1,
      priority: 5,
    });
    await stage.client.multi().zadd(`${base}priority`, 5, 'plain').lpush(`${base}wait`, 'plain').exec();
    await stage.client.config('SET', 'min-replicas-to-write', 1);
    try {
      expect(await broker.snapshot(queue)).toMatchObject({ waiting: 2, failed: 1 });
      const range = { order: 'oldest', start: 0, size: 10, payloads: true } as const;
      expect(await broker.readFailed(queue, range)).toMatchObject([{ id: 'dead' }]);
      expect((await queue.getJobs(['waiting', 'failed'])).map(({ id }) => id)).toEqual([
        'waits',
        'plain',
        'dead',
      ]);
    } finally {
      await stage.client.config('SET', 'min-replicas-to-write', 0);
    }
  });

  it('cancels, replays, discards, counts and purges once it takes writes again', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    const add = async (jobId: string): Promise<string> =>
      (await broker.addOnce(queue, { name: 'job', data: {}, options: { jobId } })).id;
    for (const id of ['replayed', 'discarded', 'cancelled', 'purged']) await add(id);
    for (const id of ['replayed', 'discarded']) await broker.cancel(queue, id, 'no');
    await withoutReplicas();
    expect(
      await Promise.all([
        broker.cancel(queue, 'cancelled', 'no'),
        broker.replay(queue, [{ id: 'replayed' }], { at: 1, by: 'ops' }),
        broker.discard(queue, [{ id: 'discarded' }]),
      ]),
    ).toEqual(['removed', new Set(['replayed']), new Set(['discarded'])]);
    expect(await broker.snapshot(queue)).toMatchObject({ waiting: 2, failed: 1 });
    await withoutReplicas();
    expect(await broker.purge(queue)).toBe(2);
  });

  it('says what it answered to a call when it goes on refusing', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    await stage.client.config('SET', 'min-replicas-to-write', 1);
    const refusals = await Promise.allSettled([broker.purge(queue), queue.pause()]).finally(() =>
      stage.client.config('SET', 'min-replicas-to-write', 0),
    );
    expect(refusals.map((one) => (one as PromiseRejectedResult).reason as unknown)).toEqual(
      ['purging jobs', 'pause()'].map((what) =>
        expect.objectContaining({
          code: 'BROKER_UNAVAILABLE',
          queue: 'work',
          message: expect.stringContaining(
            `Redis answered ${what} of queue "work" with an error: NOREPLICAS`,
          ),
        }),
      ),
    );
  });

  it('adds a job and a schedule once that were under way while it refused', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    await withoutReplicas();
    const [one, schedule] = await Promise.all([
      broker.addOnce(queue, { name: 'job', data: {}, options: {} }),
      broker.addOnce(queue, { name: 'job', data: {}, options: { repeat: { every: 60_000 } } }),
    ]);
    expect([one.deduplicated, schedule.deduplicated]).toEqual([false, false]);
    expect((await queue.getWaiting()).map(({ id }) => id)).toEqual([one.id]);
    expect(await queue.getDelayedCount()).toBe(1);
  });
});

describe('a user that may do nothing for a moment', () => {
  const stage = redisStage({ withProblems: true });
  const allow = (rule: '+@all' | '-@all'): Promise<unknown> =>
    stage.client.call('ACL', 'SETUSER', 'worker', 'on', 'nopass', '~*', '&*', rule);

  it.each(ENDS)('has its jobs run once and their ends stored: one that %s', async (_end, state, settle) => {
    await allow('+@all');
    const topology = { kind: 'single', host: '127.0.0.1', port: stage.redis.port } as const;
    const redis = { topology, db: 0, tls: false, username: 'worker', password: 'any' } as const;
    const lock = { durationMs: 800, stalledCheckMs: 200 };
    const broker = stage.fixture.broker({ redis, lock });
    const queue = broker.createQueue(testQueue());
    const { seen } = await workOn(broker, queue, async (taken) => {
      await allow('-@all');
      setTimeout(() => void allow('+@all'), SPELL_MS);
      return settle(taken);
    });
    const { id } = await broker.addOnce(queue, { name: 'job', data: {}, options: {} });
    await waitUntil(
      async () => (await (await queue.getJob(id).catch(() => null))?.getState().catch(() => '')) === state,
      `the job to be ${state}`,
    );
    expect(seen).toHaveLength(1);
    expect((await queue.getJob(id))?.opts).not.toMatchObject({ mq: { failures: [{ kind: 'crash' }] } });
    expect(stage.fixture.problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Redis refuses calls: NOPERM/),
    ]);
  });
});
