import { addAll } from '../../../../../../test/support/add-all.js';
import { testQueue, workOn } from '../../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../../../test/support/wait-until.js';

const JOBS = 200;

describe('the messages that Redis is told to publish', () => {
  const stage = redisStage();

  /** How many a worker published of each job while it drained a queue. */
  async function published(listening: readonly string[], prefix = stage.fixture.prefix): Promise<number> {
    const broker = stage.fixture.broker({ prefix });
    const queue = broker.createQueue(testQueue());
    for (const event of listening) await queue.on(event, () => undefined).isReady();
    await addAll(
      broker,
      queue,
      Array.from({ length: JOBS }, () => ({ name: 'job', data: {}, options: {} })),
    );
    await stage.client.config('RESETSTAT');
    await workOn(broker, queue, undefined, 50);
    const isDone = async (): Promise<boolean> =>
      (await stage.client.zcard(`${prefix}:work:completed`)) === JOBS;
    await waitUntil(isDone, 'the jobs to complete');
    const [, calls = '0'] = /cmdstat_publish:calls=(\d+)/.exec(await stage.client.info('commandstats')) ?? [];
    return Math.round(Number(calls) / JOBS);
  }

  it.each<[string, readonly string[], number]>([
    ['none when nobody listens', [], 0],
    ['one when somebody listens to completed jobs', ['global:completed'], 1],
    ['all when somebody listens to a pattern: it may match any', ['global:active'], 2],
  ])('are, for each job that is taken and completed, %s', async (_which, listening, expected) => {
    expect(await published(listening)).toBe(expected);
  });

  it('are all of them where listeners may be connected to another node', async () => {
    expect(await published([], `{${stage.fixture.prefix}}`)).toBe(2);
  });
});
