import {
  aborted,
  completed,
  failed,
  testQueue,
  workOn,
} from '../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { CancelledError } from '../../jobs/errors.js';
import { recordOf } from '../../jobs/managed-job.js';
import type { AddRequest } from '../broker.js';
import { NO_FLOW } from '../groups-of-queue.js';

const request = (over: Partial<AddRequest> = {}): AddRequest => ({
  name: 'job',
  data: { a: 1 },
  options: {},
  ...over,
});

describe('changing stored jobs', () => {
  const stage = redisStage();

  it.each([
    ['waiting', {}, false],
    ['prioritised', { priority: 3 }, false],
    ['delayed', { delay: 60_000 }, false],
    ['paused', {}, true],
  ])('cancels a %s job: it ends failed and says why', async (_, options, paused) => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    if (paused) await queue.pause();
    const { id } = await broker.addOnce(queue, request({ options }));
    expect(await broker.cancel(queue, id, 'changed my mind')).toBe('removed');
    expect(await broker.snapshot(queue)).toMatchObject({ waiting: 0, delayed: 0, paused: 0, failed: 1 });
    const job = await queue.getJob(id);
    expect(job?.failedReason).toBe('The job was cancelled: changed my mind');
    expect(recordOf(job ?? { opts: {} }).cancelled).toMatchObject({ reason: 'changed my mind' });
    expect(await broker.cancel(queue, id, 'again')).toBe('finished');
    expect(await broker.cancel(queue, 'm_none', 'what')).toBe('not-found');
  });

  it('cancels a job whose id stands twice in its lane, which plain Bull can bring about', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    const { id } = await broker.addOnce(queue, request({ options: { priority: 3 } }));
    await stage.client.lpush(queue.toKey('mq:lane:3'), id);
    expect(await broker.cancel(queue, id, 'changed my mind')).toBe('removed');
    expect(await broker.snapshot(queue)).toMatchObject({ waiting: 0, failed: 1 });
  });

  it('aborts an active job in whichever process runs it', async () => {
    const [asking, working] = [stage.fixture.broker(), stage.fixture.broker()];
    const queue = asking.createQueue(testQueue());
    const { seen } = await workOn(working, working.createQueue(testQueue()), async (taken) => {
      await aborted(taken);
      return failed(taken, null);
    });
    const { id } = await asking.addOnce(queue, request());
    await waitUntil(() => seen.length === 1, 'the run');
    expect(await asking.cancel(queue, id, 'enough')).toBe('signalled');
    await waitUntil(async () => (await asking.snapshot(queue)).failed === 1, 'the end');
    expect(seen[0]?.taken.abortReason).toBeInstanceOf(CancelledError);
    const record = recordOf((await queue.getJob(id)) ?? { opts: {} });
    expect(record.cancelled).toMatchObject({ reason: 'enough' });
    expect(record.failures).toMatchObject([{ kind: 'cancelled' }]);
  });

  it('aborts a cancelled job in the worker that starts it later', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    let turn = 0;
    const { seen } = await workOn(broker, queue, async (taken) => {
      turn += 1;
      if (turn > 1) return failed(taken, null);
      expect(await broker.cancel(queue, String(taken.job.id), 'stop')).toBe('signalled');
      return { kind: 'deferred', delayMs: 20, reason: 'the handler did not listen' };
    });
    await broker.addOnce(queue, request());
    await waitUntil(() => seen.length === 2, 'the second run');
    expect(seen[1]?.taken.abortReason).toMatchObject({
      code: 'JOB_CANCELLED',
      message: expect.stringMatching(/stop/),
    });
  });

  it('replays a dead letter from the start, in its lane, once', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    const { id } = await broker.addOnce(queue, request({ options: { priority: 2 } }));
    let turn = 0;
    const { seen, worker } = await workOn(broker, queue, (taken) =>
      (turn += 1) === 1 ? failed(taken, 0) : turn === 2 ? failed(taken, null) : completed('at last'),
    );
    await waitUntil(async () => (await broker.snapshot(queue)).failed === 1, 'the dead letter');
    await worker.stopFetching();
    await broker.addOnce(queue, request({ options: { priority: 9 } }));
    expect((await broker.replay(queue, [{ id }], { at: 5, by: 'me' })).size).toBe(1);
    expect((await broker.replay(queue, [{ id }], { at: 6, by: 'me' })).size).toBe(0);
    const [first] = await queue.getWaiting(0, 0);
    expect(first).toMatchObject({ id, attemptsMade: 0, failedReason: undefined });
    expect(first?.finishedOn).toBeUndefined();
    const record = recordOf(first ?? { opts: {} });
    expect(record.replays).toEqual([{ at: 5, by: 'me' }]);
    expect(record.failures).toHaveLength(2);
    const other = stage.fixture.broker();
    await workOn(other, other.createQueue(testQueue()), () => completed('at last'));
    await waitUntil(async () => (await broker.snapshot(queue)).completed === 2, 'the replay');
    expect(seen).toHaveLength(2);
  });

  it('loses no failure of a job that is cancelled while it fails', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    await workOn(broker, queue, (taken) => failed(taken, taken.job.attemptsMade < 5 ? 5 : null));
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => (await broker.addOnce(queue, request())).id),
    );
    const outcomes = await Promise.all(ids.map((id) => broker.cancel(queue, id, 'now')));
    await waitUntil(async () => (await broker.snapshot(queue)).failed === 20, 'the dead letters');
    for (const [index, id] of ids.entries()) {
      const job = (await queue.getJob(id)) ?? { opts: {}, attemptsMade: 0 };
      const { failures = [], cancelled } = recordOf(job);
      const ended = outcomes[index] === 'removed' ? 1 : 0;
      expect(failures.length - ended).toBe(job.attemptsMade);
      // The next run of a signalled job may see the cancellation, or the last one may have ended before.
      if (outcomes[index] !== 'signalled') expect(cancelled !== undefined).toBe(ended === 1);
    }
  });

  it('counts the queue and tells the age of the job that waits longest, whatever its lane', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    expect(await broker.snapshot(queue)).toEqual({
      ...{ waiting: 0, active: 0, delayed: 0, completed: 0, failed: 0, paused: 0 },
      ...{
        isPaused: false,
        unknown: 0,
        oldestWaitingAt: null,
        failedDropped: 0,
        failedDroppedAt: null,
        keysForgotten: 0,
        keysForgottenAt: null,
        wrongKeys: [],
        expired: 0,
        flow: NO_FLOW,
      },
    });
    const times = [5_000, 3_000, 4_000, 1_000, 2_000, 6_000];
    for (const [i, timestamp] of times.entries()) {
      const priority = i < 2 ? undefined : (i % 3) + 1;
      await broker.addOnce(queue, request({ options: { timestamp, ...(priority && { priority }) } }));
    }
    expect(await broker.snapshot(queue)).toMatchObject({ waiting: 6, oldestWaitingAt: 1_000 });
    await queue.pause();
    expect(await broker.snapshot(queue)).toMatchObject({
      waiting: 0,
      paused: 6,
      isPaused: true,
      oldestWaitingAt: 1_000,
    });
  });
});
