import { completed, testQueue, workOn } from '../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';

describe('jobs that end together', () => {
  const stage = redisStage({ withProblems: true });

  it('are completed although one of them is stored wrongly by then, which waits to be put right', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue('work', { concurrency: 3 }));
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const { seen } = await workOn(broker, queue, async () => {
      await ended;
      return completed();
    });
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) {
      ids.push((await broker.addOnce(queue, { name: 'job', data: {}, options: {} })).id);
    }
    await waitUntil(() => seen.length === 3, 'the runs');
    const [sick = '', ...others] = ids;
    const key = `${stage.fixture.prefix}:work:${sick}`;
    await stage.client.multi().rename(key, `${key}:saved`).set(key, 'no job').exec();
    end();
    await waitUntil(async () => (await queue.getCompletedCount()) === 2, 'the others');
    expect((await queue.getCompleted()).map(({ id }) => id).sort()).toEqual(others.sort());
    await stage.client.multi().del(key).rename(`${key}:saved`, key).exec();
    await waitUntil(async () => (await queue.getCompletedCount()) === 3, 'that one');
    expect(seen).toHaveLength(3);
  });
});
