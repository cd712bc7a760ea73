import { addAll } from '../../../../test/support/add-all.js';
import {
  aborted,
  completed,
  failed,
  testQueue,
  workOn,
} from '../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { HandlerRegistrationError, ShutdownError } from '../../jobs/errors.js';
import { recordOf } from '../../jobs/managed-job.js';

describe('RedisBroker', () => {
  const stage = redisStage();

  it('runs a job and stores its result', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    const { id, deduplicated } = await broker.addOnce(queue, { name: 'job', data: { a: 1 }, options: {} });
    expect(deduplicated).toBe(false);
    expect(id).toMatch(/^m_/);
    const { seen } = await workOn(broker, queue, () => completed({ ok: true }));
    await waitUntil(async () => (await broker.snapshot(queue)).completed === 1, 'the job to end');
    expect((await queue.getJob(id))?.returnvalue).toEqual({ ok: true });
    expect(seen.map((run) => run.data)).toEqual([{ a: 1 }]);
    expect(await broker.snapshot(queue)).toMatchObject({ waiting: 0, active: 0, completed: 1 });
  });

  it('runs many jobs once each, in exactly the concurrency it was given', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    let running = 0;
    let most = 0;
    const { seen } = await workOn(broker, queue, async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running -= 1;
      return completed();
    });
    const requests = Array.from({ length: 500 }, (_, i) => ({ name: 'job', data: { i }, options: {} }));
    await addAll(broker, queue, requests);
    await waitUntil(async () => (await broker.snapshot(queue)).completed === 500, '500 jobs');
    expect(most).toBe(3);
    expect(new Set(seen.map((run) => run.id)).size).toBe(500);
    expect(seen).toHaveLength(500);
  });

  it('spends attempts on failures only, and keeps every failure with the dead letter', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    const onFailed = jest.fn();
    queue.on('failed', onFailed);
    let turn = 0;
    const { seen } = await workOn(broker, queue, (taken) => {
      turn += 1;
      if (turn === 1) return { kind: 'deferred', delayMs: 30, reason: 'later' };
      if (turn === 2) return { kind: 'handed-back' };
      return failed(taken, turn === 3 ? 0 : turn === 4 ? 20 : null, `failure ${turn}`);
    });
    const { id } = await broker.addOnce(queue, { name: 'job', data: {}, options: {} });
    await waitUntil(async () => (await broker.snapshot(queue)).failed === 1, 'a dead letter');
    expect(seen.map((run) => run.attemptsMade)).toEqual([0, 0, 0, 1, 2]);
    const job = await queue.getJob(id);
    expect(job).toMatchObject({ attemptsMade: 3, failedReason: 'failure 5' });
    expect(job?.stacktrace).toHaveLength(1);
    expect(recordOf(job ?? { opts: {} }).failures?.map((f) => [f.attempt, f.message])).toEqual([
      [1, 'failure 3'],
      [2, 'failure 4'],
      [3, 'failure 5'],
    ]);
    expect(onFailed).toHaveBeenCalledTimes(3);
  });

  it('keeps the slot until the run has settled, and stores nothing for an abandoned one', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    let turn = 0;
    const { worker } = await workOn(broker, queue, () =>
      (turn += 1) === 1 ? { kind: 'abandoned' } : completed(),
    );
    await broker.addOnce(queue, { name: 'job', data: {}, options: {} });
    await waitUntil(() => turn === 1 && worker.active.size === 0, 'the run to be abandoned');
    expect(await broker.snapshot(queue)).toMatchObject({ active: 1, completed: 0, failed: 0 });
  });

  it('hands jobs back at shutdown, and another worker takes them at once', async () => {
    const [first, second] = [stage.fixture.broker(), stage.fixture.broker()];
    const queue = first.createQueue(testQueue());
    const { worker } = await workOn(first, queue, async (taken) => {
      await aborted(taken);
      expect(taken.abortReason).toBeInstanceOf(ShutdownError);
      return { kind: 'handed-back' };
    });
    const requests = Array.from({ length: 5 }, (_, i) => ({ name: 'job', data: { i }, options: {} }));
    await addAll(first, queue, requests);
    await waitUntil(() => worker.active.size === 3, 'three runs');
    await worker.stopFetching();
    worker.abortActive(new ShutdownError('bye'));
    await worker.whenIdle();
    expect(await first.snapshot(queue)).toMatchObject({ waiting: 5, active: 0 });
    const other = second.createQueue(testQueue());
    const { seen } = await workOn(second, other);
    await waitUntil(() => seen.length === 5, 'the other worker');
    expect(seen.map((run) => (run.data as { i: number }).i).sort()).toEqual([0, 1, 2, 3, 4]);
    expect(seen.every((run) => run.attemptsMade === 0)).toBe(true);
  });

  it('pauses in this process only, waits for what runs, and goes on', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    const { seen } = await workOn(broker, queue);
    await queue.pause(true);
    await broker.addOnce(queue, { name: 'job', data: {}, options: {} });
    expect(await queue.isPaused(true)).toBe(true);
    expect(await queue.isPaused()).toBe(false);
    // The worker had the time of many round trips to take it.
    for (let i = 0; i < 50; i += 1) await broker.snapshot(queue);
    expect(seen).toHaveLength(0);
    await queue.resume(true);
    await waitUntil(() => seen.length === 1, 'the job');
  });

  it('pauses for all workers', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    await queue.pause();
    const { seen } = await workOn(broker, queue);
    await broker.addOnce(queue, { name: 'job', data: {}, options: {} });
    expect(await broker.snapshot(queue)).toMatchObject({ isPaused: true, paused: 1, waiting: 0 });
    expect(seen).toHaveLength(0);
    await queue.resume();
    await waitUntil(() => seen.length === 1, 'the job');
  });

  it('runs repeatable jobs again and again', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    const { seen } = await workOn(broker, queue);
    await queue.add('job', { n: 1 }, { repeat: { every: 200 } });
    await waitUntil(() => seen.length >= 3, 'three runs');
    expect(await queue.getRepeatableCount()).toBe(1);
  });

  it('runs delayed jobs when they are due, those of other processes too', async () => {
    const [producer, consumer] = [stage.fixture.broker(), stage.fixture.broker()];
    const queue = producer.createQueue(testQueue());
    const { seen } = await workOn(consumer, consumer.createQueue(testQueue()));
    const addedAt = Date.now();
    const add = (n: number, delay: number) =>
      producer.addOnce(queue, { name: 'job', data: { n }, options: { delay } });
    // Together: on a busy machine much time may pass between two calls.
    await Promise.all([add(2, 1_200), add(1, 1_000)]);
    expect(await producer.snapshot(queue)).toMatchObject({ delayed: 2, waiting: 0 });
    await waitUntil(() => seen.length === 2, 'two runs');
    expect(Date.now() - addedAt).toBeGreaterThanOrEqual(1_200);
    expect(seen.map((run) => run.data)).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('refuses process() with the way to do it', () => {
    const queue = stage.fixture.broker().createQueue(testQueue());
    expect(() => queue.process('job', async () => undefined)).toThrow(HandlerRegistrationError);
    expect(() => queue.process('job', async () => undefined)).toThrow(/@JobHandler\('job'\)/);
  });

  it('emits the events of Bull', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    const events: string[] = [];
    for (const event of [
      'waiting',
      'active',
      'completed',
      'failed',
      'drained',
      'global:active',
      'global:completed',
    ]) {
      queue.on(event, () => events.push(event));
    }
    await waitUntil(() => redisSubscriptions(queue) >= 3, 'the subscriptions');
    await queue.add('job', {});
    await workOn(broker, queue);
    await waitUntil(() => events.includes('drained') && events.includes('global:completed'), 'the events');
    expect(events).toEqual(expect.arrayContaining(['waiting', 'active', 'completed', 'global:active']));
    expect(events.indexOf('active')).toBeLessThan(events.indexOf('completed'));
    expect(events).not.toContain('failed');
  });
});

/** Channels that Bull has subscribed to for the queue. */
function redisSubscriptions(queue: unknown): number {
  return Object.keys((queue as { registeredEvents?: object }).registeredEvents ?? {}).length;
}
