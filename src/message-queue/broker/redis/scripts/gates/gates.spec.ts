import { addAll } from '../../../../../../test/support/add-all.js';
import { completed, failed, testQueue, workOn } from '../../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../../../test/support/wait-until.js';
import type { AddRequest } from '../../../broker.js';

const job = (key: string | undefined, n: number, tenant?: string): AddRequest => ({
  name: 'job',
  data: { n },
  options: { jobId: `${key ?? tenant}-${n}`, mq: { ...(key && { key }), ...(tenant && { tenant }) } },
});

describe('the gates of groups', () => {
  const stage = redisStage({ withProblems: true });

  it('keep the order of a key through retries', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue('work', { flow: { key: {} } }));
    const requests = [0, 1, 2, 3].flatMap((n) => ['a', 'b'].map((key) => job(key, n)));
    await addAll(broker, queue, requests);
    expect(await stage.client.zrange(queue.toKey('mq:g:k:a'), 0, -1, 'WITHSCORES')).toEqual([]);
    const ended: string[] = [];
    await workOn(broker, queue, async (taken) => {
      const { id, attemptsMade } = taken.job;
      if (String(id).endsWith('1') && attemptsMade === 0) return failed(taken, 50);
      ended.push(String(id));
      return completed();
    });
    await waitUntil(() => ended.length === 8, 'the ends');
    expect(ended.filter((id) => id.startsWith('a'))).toEqual(['a-0', 'a-1', 'a-2', 'a-3']);
    await waitUntil(async () => (await queue.getJobCounts()).active === 0, 'the end');
    console.log(await stage.client.keys(`${queue.toKey('mq:')}*`));
  });

  it('share fairly', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue('work', { flow: { tenant: {} } }));
    const requests = Array.from({ length: 50 }, (_, n) => job(undefined, n, 'big')).concat(job(undefined, 0, 'small'));
    await addAll(broker, queue, requests);
    console.log(await queue.getJobCounts(), (await queue.getWaiting()).length);
    const ran: string[] = [];
    await workOn(broker, queue, async (taken) => {
      ran.push(String(taken.job.id));
      return completed();
    }, 2);
    await waitUntil(() => ran.length === 51, 'the ends');
    console.log(ran.indexOf('small-0'), ran.slice(0, 5));
    await waitUntil(async () => (await queue.getJobCounts()).active === 0, 'the end');
    console.log(await stage.client.keys(`${queue.toKey('mq:')}*`), await queue.getJobCounts());
  });
});
