import { addAll } from '../../../../../../test/support/add-all.js';
import { clockPasses } from '../../../../../../test/support/clock-passes.js';
import {
  aborted,
  BrokerFixture,
  completed,
  failed,
  testQueue,
  workOn,
} from '../../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../../test/support/redis-stage.js';
import { TcpProxy } from '../../../../../../test/support/tcp-proxy.js';
import { waitUntil } from '../../../../../../test/support/wait-until.js';
import { LockLostError } from '../../../../jobs/errors.js';
import { recordOf } from '../../../../jobs/managed-job.js';

const lock = { durationMs: 600, renewMs: 150, stalledCheckMs: 200 };

describe('jobs whose worker died or lost them', () => {
  const stage = redisStage({ withProblems: true });

  it('run again at the front of their lane, and show each crash', async () => {
    const proxy = await TcpProxy.start(stage.redis.port);
    const dying = new BrokerFixture({ port: proxy.port });
    const doomed = dying.broker({ lock, prefix: stage.fixture.prefix, socketTimeoutMs: 60_000 });
    await workOn(doomed, doomed.createQueue(testQueue()), () => new Promise(() => undefined), 1);
    const broker = stage.fixture.broker({ lock });
    const queue = broker.createQueue(testQueue());
    const stalled = jest.fn();
    queue.on('stalled', stalled);
    const { id } = await broker.addOnce(queue, { name: 'job', data: { n: 1 }, options: { priority: 5 } });
    await waitUntil(async () => (await broker.snapshot(queue)).active === 1, 'the doomed run');
    await broker.addOnce(queue, { name: 'job', data: { n: 2 }, options: { priority: 5 } });
    // As if the worker had been killed: nothing of it reaches Redis any more.
    proxy.blackhole();
    const { seen } = await workOn(
      broker,
      queue,
      (taken) => (taken.job.attemptsMade === 0 && taken.job.id === id ? failed(taken, 0) : completed()),
      1,
    );
    // The first job was taken with the second one waiting; the second may start while the lock of the first lives.
    await waitUntil(() => seen.filter((run) => run.id === id).length === 2, 'the job to run again');
    const [first, second] = seen.filter((run) => run.id === id);
    for (const run of [first, second]) {
      expect(run?.taken.crashes).toMatchObject([{ kind: 'crash', attempt: 1, error: 'WorkerCrashed' }]);
    }
    expect(stalled).toHaveBeenCalledTimes(1);
    const record = recordOf((await queue.getJob(id)) ?? { opts: {} });
    expect(record.failures?.map(({ kind }) => kind)).toEqual(['crash', 'error']);
    await proxy.stop();
    await dying.close();
  });

  it('keep their lock while the handler runs, however long', async () => {
    const [one, two] = [stage.fixture.broker({ lock }), stage.fixture.broker({ lock })];
    const queue = one.createQueue(testQueue());
    const { seen } = await workOn(one, queue, async () => {
      await clockPasses(3 * lock.durationMs);
      return completed();
    });
    const other = await workOn(two, two.createQueue(testQueue()));
    await addAll(
      one,
      queue,
      Array.from({ length: 3 }, () => ({ name: 'job', data: {}, options: {} })),
    );
    await waitUntil(async () => (await one.snapshot(queue)).completed === 3, 'the ends');
    expect(seen.length + other.seen.length).toBe(3);
    expect(stage.fixture.problems).toEqual([]);
  });

  it('abort the run of a worker that lost its lock to another one, and take nothing from its end', async () => {
    const broker = stage.fixture.broker({ lock });
    const queue = broker.createQueue(testQueue());
    const { seen } = await workOn(broker, queue, async (taken) => {
      if (seen.filter((run) => run.id === taken.job.id).length > 1) return completed('second');
      await aborted(taken);
      return completed('first');
    });
    const { id } = await broker.addOnce(queue, { name: 'job', data: {}, options: {} });
    await waitUntil(() => seen.length === 1, 'the run');
    await stage.client.set(`${stage.fixture.prefix}:work:${id}:lock`, 'somebody-else');
    await waitUntil(() => seen[0]?.taken.abortReason !== undefined, 'the first run to be aborted');
    expect(seen[0]?.taken.abortReason).toBeInstanceOf(LockLostError);
    await waitUntil(() => stage.fixture.problems.some(({ kind }) => kind === 'lock-lost'), 'the report');
    expect((await queue.getJob(id))?.finishedOn).toBeUndefined();
    expect(await broker.snapshot(queue)).toMatchObject({ active: 1, completed: 0 });
    await stage.client.del(`${stage.fixture.prefix}:work:${id}:lock`);
    await waitUntil(async () => (await queue.getJob(id))?.returnvalue === 'second', 'the second run');
  });

  it('keep a job whose lock ran out as long as nobody took it', async () => {
    const broker = stage.fixture.broker({ lock });
    const queue = broker.createQueue(testQueue());
    let end: () => void = () => undefined;
    const { seen } = await workOn(broker, queue, async () => {
      await new Promise<void>((resolve) => (end = resolve));
      return completed('kept');
    });
    const { id } = await broker.addOnce(queue, { name: 'job', data: {}, options: {} });
    await waitUntil(() => seen.length === 1, 'the run');
    await stage.client.del(`${stage.fixture.prefix}:work:${id}:lock`);
    await waitUntil(
      () => stage.client.exists(`${stage.fixture.prefix}:work:${id}:lock`),
      'the lock to be taken again',
    );
    await stage.client.del(`${stage.fixture.prefix}:work:${id}:lock`);
    end();
    await waitUntil(async () => (await queue.getJob(id))?.returnvalue === 'kept', 'the end');
    expect(seen).toHaveLength(1);
    expect(stage.fixture.problems).toEqual([]);
  });

  it('are adopted when the answer that brought them was lost', async () => {
    const proxy = await TcpProxy.start(stage.redis.port);
    const behind = new BrokerFixture({ port: proxy.port });
    const worker = behind.broker({ prefix: stage.fixture.prefix, socketTimeoutMs: 400 });
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    const requests = [1, 2].map((n) => ({ name: 'job', data: { n }, options: {} }));
    await addAll(broker, queue, requests);
    let end: () => void = () => undefined;
    const { seen } = await workOn(
      worker,
      worker.createQueue(testQueue()),
      async () => {
        if (seen.length === 1) await new Promise<void>((resolve) => (end = resolve));
        return completed();
      },
      1,
    );
    await waitUntil(() => seen.length === 1, 'the first job');
    // The call that ends the first job takes the second; it is executed, its answer vanishes.
    proxy.swallowReplies();
    end();
    await waitUntil(async () => (await broker.snapshot(queue)).waiting === 0, 'the second job to be taken');
    proxy.heal();
    await waitUntil(async () => (await broker.snapshot(queue)).completed === 2, 'the second job');
    expect(seen.map((run) => run.data)).toEqual([{ n: 1 }, { n: 2 }]);
    expect(seen[1]?.taken.crashes).toEqual([]);
    await behind.close();
    await proxy.stop();
  });

  it('never run when there is no job behind the entry', async () => {
    const broker = stage.fixture.broker({ lock });
    const queue = broker.createQueue(testQueue());
    const errors = jest.fn();
    queue.on('error', errors);
    const first = await queue.add('job', {});
    const second = await queue.add('job', { real: true });
    await stage.client.del(`${stage.fixture.prefix}:work:${first.id}`);
    await stage.client.rpush(`${stage.fixture.prefix}:work:active`, 'm_gone');
    const { seen } = await workOn(broker, queue);
    await waitUntil(() => stage.fixture.problems.length === 2, 'two reports');
    expect(stage.fixture.problems.map(({ kind, jobId }) => [kind, jobId])).toEqual(
      expect.arrayContaining([
        ['phantom-job', String(first.id)],
        ['phantom-job', 'm_gone'],
      ]),
    );
    expect(errors).toHaveBeenCalledTimes(2);
    await waitUntil(async () => (await broker.snapshot(queue)).completed === 1, 'the real job');
    expect(seen.map((run) => run.id)).toEqual([second.id]);
    expect(await broker.snapshot(queue)).toMatchObject({ waiting: 0, active: 0 });
  });

  it('become dead letters when they are stored in a form that cannot be read', async () => {
    const broker = stage.fixture.broker({ lock });
    const queue = broker.createQueue(testQueue());
    const { id } = await queue.add('job', {});
    await stage.client.hset(`${stage.fixture.prefix}:work:${id}`, 'data', '{"broken');
    const { seen } = await workOn(broker, queue);
    await waitUntil(async () => (await broker.snapshot(queue)).failed === 1, 'the dead letter');
    expect(seen).toEqual([]);
    expect(await stage.client.hget(`${stage.fixture.prefix}:work:${id}`, 'failedReason')).toMatch(
      /cannot be read/,
    );
  });
});
