import { completed, testQueue, workOn } from '../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import { addAll } from '../../../../../test/support/add-all.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import type { AddRequest } from '../../broker.js';
import type { TakenJob } from '../../../jobs/taken-job.js';
import type { Settlement } from '../../../jobs/settlement.js';

function passedOn({ unknownSince = Date.now() }: TakenJob): Settlement {
  const [delayMs, leftMs] = [600_000, 3_600_000];
  return { kind: 'passed-on', delayMs, leftMs, since: unknownSince, version: 1, reason: 'not known' };
}

function jobs(count: number, over: Partial<AddRequest> = {}): AddRequest[] {
  return Array.from({ length: count }, () => ({ name: 'new', data: {}, options: {}, ...over }));
}

describe('passing on very many jobs', () => {
  const stage = redisStage();

  it.each([
    ['of the usual level', {}],
    ['of another level', { priority: 3 }],
  ])('takes those %s along that stand next, and what stands behind them flows', async (_, options) => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    await addAll(broker, queue, jobs(2_000, { options }));
    await addAll(broker, queue, [...jobs(1, { name: 'job', options }), ...jobs(30, { options })]);
    const { seen } = await workOn(broker, queue, (taken) =>
      taken.job.name === 'new' ? passedOn(taken) : completed(),
    );
    await waitUntil(async () => (await broker.snapshot(queue)).completed === 1, 'the job behind them');
    await waitUntil(async () => (await broker.snapshot(queue)).unknown === 2_030, 'all to be passed on');
    expect(await broker.snapshot(queue)).toMatchObject({ waiting: 0, active: 0, delayed: 2_030, failed: 0 });
    expect((await broker.readUnknown(queue)).kinds).toEqual([
      expect.objectContaining({ job: 'new', version: 1 }),
    ]);
    expect(seen.length).toBeLessThan(400);
    expect(await stage.client.exists(queue.toKey('mq:lanes'), queue.toKey('mq:waiting'))).toBe(0);
  });

  it('leaves each to a run of its own that is of another kind, met such a worker before or crashed', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    const odd: AddRequest[] = [
      ...['known', 'crashed'].flatMap((jobId) => jobs(1, { options: { jobId } })),
      ...jobs(1, { name: 'other', options: { jobId: 'other' } }),
      ...jobs(1, { options: { jobId: 'newer', mq: { version: 2 } } }),
    ];
    await addAll(broker, queue, [...jobs(1), ...odd, ...jobs(100)]);
    await stage.client.hset(queue.toKey('known'), 'mqUnknown', '5 1');
    await stage.client.hset(queue.toKey('crashed'), 'mqCrashes', '{"kind":"crash"}');
    const { seen } = await workOn(broker, queue, passedOn, 1);
    await waitUntil(async () => (await broker.snapshot(queue)).delayed === 105, 'all to be passed on');
    expect(seen.map(({ id }) => id)).toEqual(expect.arrayContaining(['known', 'crashed', 'other', 'newer']));
    expect(seen.length).toBeLessThan(100);
    expect(await stage.client.hget(queue.toKey('known'), 'mqUnknown')).toBe('5 1');
  });

  it('takes none along while the queue is paused', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    await addAll(broker, queue, jobs(50));
    await workOn(
      broker,
      queue,
      async (taken) => {
        await queue.pause();
        return passedOn(taken);
      },
      1,
    );
    await waitUntil(async () => (await broker.snapshot(queue)).unknown > 0, 'a job to be passed on');
    expect((await broker.snapshot(queue)).paused).toBeGreaterThan(30);
  });
});
