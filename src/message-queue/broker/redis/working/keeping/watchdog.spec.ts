import { addAll } from '../../../../../../test/support/add-all.js';
import { clockPasses } from '../../../../../../test/support/clock-passes.js';
import { completed, testQueue, workOn } from '../../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../../../test/support/wait-until.js';
import { WaitSignal } from '../wait-signal.js';

describe('the watchdog of a worker', () => {
  const stage = redisStage({ withProblems: true });

  afterEach(() => void jest.restoreAllMocks());

  it('rebuilds the connection of a worker that hears nothing of waiting jobs, and the jobs run', async () => {
    const broker = stage.fixture.broker({ watchdogMs: 300 });
    const queue = broker.createQueue(testQueue());
    const deaf = jest.spyOn(WaitSignal.prototype, 'next').mockImplementation(function (this: {
      wake: (() => void) | null;
    }) {
      return new Promise((resolve) => (this.wake = resolve));
    });
    const { seen } = await workOn(broker, queue);
    await waitUntil(() => deaf.mock.calls.length > 0, 'the worker to wait');
    // Of the lane that has no messages.
    await broker.addOnce(queue, { name: 'job', data: {}, options: { priority: 6 } });
    await waitUntil(() => seen.length === 1, 'the job');
    expect(stage.fixture.problems).toMatchObject([{ kind: 'no-progress', queue: 'work' }]);
  });

  it('stays calm while jobs run long, while the queue is paused, and while nothing waits', async () => {
    const watchdogMs = 120;
    const broker = stage.fixture.broker({ watchdogMs });
    const queue = broker.createQueue(testQueue());
    const paused = broker.createQueue(testQueue('paused'));
    await paused.pause();
    await broker.addOnce(paused, { name: 'job', data: {}, options: {} });
    await workOn(broker, paused);
    await workOn(
      broker,
      queue,
      async () => {
        await clockPasses(5 * watchdogMs);
        return completed();
      },
      1,
    );
    await addAll(
      broker,
      queue,
      Array.from({ length: 2 }, () => ({ name: 'job', data: {}, options: {} })),
    );
    await waitUntil(async () => (await broker.snapshot(queue)).completed === 2, 'the ends');
    expect(stage.fixture.problems).toEqual([]);
  });
});
