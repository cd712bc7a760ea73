import { addAll } from '../../../../test/support/add-all.js';
import Bull from 'bull';
import { completed, failed, testQueue, workOn } from '../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { writtenPayload } from '../../admission/payloads/json-payload.js';
import { messageQueueBackoffStrategies } from '../../jobs/retry-policy.js';

describe('a plain Bull queue on the same keys', () => {
  const stage = redisStage();
  let plain: Bull.Queue;

  beforeEach(() => {
    plain = new Bull('work', {
      prefix: stage.fixture.prefix,
      redis: { port: stage.redis.port },
      settings: { backoffStrategies: { ...messageQueueBackoffStrategies } },
    });
  });
  afterEach(() => plain.close());

  it('reads our jobs in every state, waiting ones of the default lane', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    const waiting = await queue.add('job', { text: 'ж' }, { priority: 3 });
    const delayed = await queue.add('job', {}, { delay: 60_000 });
    expect(await plain.getWaiting()).toEqual([]);
    const normal = await queue.add('job', { text: 'ж' }, { priority: 6, jobId: 'normal' });
    expect(await plain.getWaiting()).toMatchObject([{ id: normal.id, data: { text: 'ж' }, name: 'job' }]);
    expect(await plain.getDelayed()).toMatchObject([{ id: delayed.id, delay: 60_000 }]);
    await delayed.promote();
    const { worker } = await workOn(broker, queue, (taken) =>
      taken.job.id === delayed.id ? failed(taken, null, 'broken') : completed({ ok: taken.job.id }),
    );
    await waitUntil(async () => (await plain.getFailedCount()) === 1, 'the ends');
    await waitUntil(async () => (await plain.getCompletedCount()) === 2, 'the ends');
    const ends = (await plain.getCompleted()).map(({ id, returnvalue }) => [id, returnvalue]);
    expect(Object.fromEntries(ends)).toEqual({
      [waiting.id]: { ok: waiting.id },
      normal: { ok: 'normal' },
    });
    expect(await plain.getFailed()).toMatchObject([
      { id: delayed.id, failedReason: 'broken', attemptsMade: 1 },
    ]);
    expect(await plain.getJobCounts()).toEqual({
      waiting: 0,
      active: 0,
      completed: 2,
      failed: 1,
      delayed: 0,
      paused: 0,
    });
    const job = await queue.getJob(delayed.id);
    await worker.stopFetching();
    await job?.retry();
    expect(await job?.getState()).toBe('waiting');
  });

  it('adds jobs that run here', async () => {
    const broker = stage.fixture.broker();
    const ids = [
      (await plain.add('job', { n: 1 })).id,
      (await plain.add({ n: 2 }, { delay: 150, attempts: 2, backoff: 10 })).id,
      (await plain.add('job', { n: 3 }, { priority: 4, lifo: true, removeOnComplete: true })).id,
    ];
    const { seen } = await workOn(broker, broker.createQueue(testQueue()));
    await waitUntil(() => seen.length === 3, 'three runs');
    expect(seen.map((run) => run.id).sort()).toEqual(ids.map(String).sort());
    await waitUntil(async () => (await plain.getCompletedCount()) === 2, 'the ends');
    expect(await plain.getJob(ids[2] ?? '')).toBeNull();
    const finished = await plain.add('job', { n: 4 });
    await finished.finished();
  });

  it('ends jobs whose removeOnComplete says nothing, and those that end with them', async () => {
    const broker = stage.fixture.broker();
    const strange = [null, '5', { count: [] }, { age: 'old' }, undefined] as never[];
    await plain.addBulk(
      strange.map((removeOnComplete) => ({ name: 'job', data: {}, opts: { removeOnComplete } })),
    );
    const { seen } = await workOn(broker, broker.createQueue(testQueue()));
    await waitUntil(async () => (await plain.getCompletedCount()) === strange.length, 'the ends');
    expect(seen).toHaveLength(strange.length);
  });

  it('runs our jobs of the default lane, retries included', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    const { id } = await queue.add('job', { n: 1 }, { priority: 6 });
    const usual = await broker.addOnce(queue, {
      ...{ ordinary: true, name: 'job', data: writtenPayload({ n: 2 }), options: { priority: 6 } },
    });
    const ids = [id, usual.id];
    const runs = new Map<string, number>();
    void plain.process('job', async (job) => {
      const run = (runs.get(String(job.id)) ?? 0) + 1;
      runs.set(String(job.id), run);
      if (run < 3) throw new Error('again');
      return 'plain';
    });
    const jobs = await waitUntil(async () => {
      const found = await Promise.all(ids.map((one) => queue.getJob(one)));
      return found.every((job) => job?.finishedOn) ? found : null;
    }, 'the ends');
    expect(jobs).toMatchObject(ids.map(() => ({ returnvalue: 'plain', attemptsMade: 2 })));
  });

  it('works beside our worker on the default lane, each job once', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    const ran: string[] = [];
    void plain.process('job', 3, async (job) => void ran.push(String(job.id)));
    const { seen } = await workOn(broker, queue);
    await addAll(
      broker,
      queue,
      Array.from({ length: 300 }, () => ({ name: 'job', data: {}, options: { priority: 6 } })),
    );
    await waitUntil(async () => (await broker.snapshot(queue)).completed === 300, '300 ends');
    const all = [...ran, ...seen.map((run) => run.id)];
    expect(all).toHaveLength(300);
    expect(new Set(all).size).toBe(300);
  });
});
