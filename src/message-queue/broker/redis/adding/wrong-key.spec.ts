import { once, request } from '../../../../../test/support/add-requests.js';
import { testQueue, workOn } from '../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import { writtenPayload } from '../../../admission/payloads/json-payload.js';
import type { AddRequest } from '../../broker.js';

describe('adds that meet something else under a key of their queue', () => {
  const stage = redisStage();
  const jobs: readonly AddRequest[] = [
    request({ options: { jobId: 'plain' } }),
    request({ options: { jobId: 'urgent', priority: 1 } }),
    request({ options: { priority: 2 }, ...once('keyed') }),
    request({ options: { jobId: 'next', lifo: true } }),
    request({ options: { jobId: 'later', delay: 1 } }),
  ];

  it.each(['id', 'priority', 'mq:lanes', 'mq:lane:1', 'mq:lane:2', 'mq:lane:lifo'])(
    '%s: are refused without a trace, and are added once it is gone',
    async (name) => {
      const broker = stage.fixture.broker();
      const queue = broker.createQueue(testQueue());
      const base = `${stage.fixture.prefix}:work:`;
      await stage.client.hset(`${base}${name}`, 'of', 'others');
      const refused = await broker.addMany(queue, jobs);
      expect(refused.map(({ outcome }) => outcome)).toEqual(jobs.map(() => 'rejected'));
      expect(await stage.client.keys(`${base}*`)).toEqual([`${base}${name}`]);
      await stage.client.del(`${base}${name}`);
      const added = await broker.addMany(queue, jobs);
      expect(added.map(({ outcome }) => outcome)).toEqual(jobs.map(() => 'added'));
      const { seen } = await workOn(broker, queue);
      await waitUntil(() => seen.length === jobs.length, 'all to run');
    },
  );

  it.each(['priority', 'mq:lanes', 'mq:lane:1'])('%s: ordinary ones leave no trace either', async (name) => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    const key = `${stage.fixture.prefix}:work:${name}`;
    await stage.client.hset(key, 'of', 'others');
    const urgent = request({ data: writtenPayload({}), options: { priority: 1 } });
    const [outcome] = await broker.addMany(queue, [{ ...urgent, ordinary: true }]);
    expect(outcome).toMatchObject({ outcome: 'rejected', error: { reply: 'WRONGTYPE' } });
    expect(await stage.client.keys(`${stage.fixture.prefix}:work:*`)).toEqual([key]);
  });

  it('what a job is debounced by: only this job is refused', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    await stage.client.hset(`${stage.fixture.prefix}:work:de:taken`, 'of', 'others');
    const outcomes = await broker.addMany(queue, [
      request({ options: { jobId: 'before' } }),
      request({ options: { debounce: { id: 'taken', ttl: 1_000 } } }),
      request({ options: { jobId: 'behind' } }),
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['added', 'rejected', 'added']);
    expect(outcomes[1]).toMatchObject({ error: { code: 'BROKER_UNAVAILABLE', reply: 'WRONGTYPE' } });
  });
});
