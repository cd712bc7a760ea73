import Bull from 'bull';
import { completed, testQueue } from '../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import type { RedisBroker } from '../redis-broker.js';

const EVERY_MS = 100;
const OFTEN = { repeat: { every: EVERY_MS } };
const HOURLY = { repeat: { every: 3_600_000 } };

interface Run {
  readonly dueAt: number;
  readonly at: number;
  readonly data: unknown;
}

/** Notes when a run was due, and when it begins. */
function noteOf({ id, data }: Pick<Bull.Job, 'id' | 'data'>): Run {
  return { dueAt: Number(String(id).split(':')[2]), at: Date.now(), data: data as unknown };
}

/** Each due time once, and none left out but while a run was late. */
function expectEachOnce(runs: readonly Run[]): void {
  const sorted = [...runs].sort((a, b) => a.dueAt - b.dueAt);
  for (const [i, run] of sorted.slice(1).entries()) {
    const before = sorted[i] as Run;
    expect(run.dueAt).toBeGreaterThan(before.dueAt);
    expect(run.dueAt).toBeLessThanOrEqual(Math.max(before.dueAt, before.at) + EVERY_MS);
  }
}

describe('schedules that others change in Redis, plain Bull among them', () => {
  const stage = redisStage();
  let plain: Bull.Queue;

  beforeEach(() => {
    plain = new Bull('work', { prefix: stage.fixture.prefix, redis: { port: stage.redis.port } });
  });
  afterEach(() => plain.close());

  function open(minRepeatMs = 50): { broker: RedisBroker; queue: Bull.Queue; runs: Run[] } {
    const broker = stage.fixture.broker();
    return { broker, queue: broker.createQueue(testQueue('work', { minRepeatMs })), runs: [] };
  }

  async function work({ broker, queue, runs }: ReturnType<typeof open>): Promise<void> {
    await broker.work(queue, 1, ({ job }) => {
      runs.push(noteOf(job));
      return Promise.resolve(completed());
    });
  }

  it('run no more often than the floor', async () => {
    const floorMs = 150;
    await plain.add('job', {}, { repeat: { every: 1 } });
    const ours = open(floorMs);
    await work(ours);
    await waitUntil(() => ours.runs.length >= 4, 'runs');
    for (const [i, run] of ours.runs.slice(1).entries()) {
      expect(run.dueAt).toBeGreaterThanOrEqual((ours.runs[i] as Run).dueAt + floorMs);
    }
  });

  it('run each time once while its worker works beside ours, and its producer adds them again', async () => {
    const ours = open();
    const theirs: Run[] = [];
    void plain.process('job', (job) => {
      theirs.push(noteOf(job));
      return Promise.resolve();
    });
    await plain.isReady();
    await plain.add('job', {}, OFTEN);
    await work(ours);
    await waitUntil(async () => {
      await plain.add('job', {}, OFTEN);
      return ours.runs.length >= 5 && theirs.length >= 5;
    }, 'runs on both sides');
    expectEachOnce([...ours.runs, ...theirs]);
    expect(await plain.getDelayedCount()).toBeLessThanOrEqual(1);
  });

  it('have the data that it gives them when it removes them and adds them again', async () => {
    const ours = open();
    await work(ours);
    await plain.add('job', { n: 1 }, OFTEN);
    await waitUntil(() => ours.runs.length >= 2, 'runs');
    await plain.removeRepeatable('job', OFTEN.repeat);
    await plain.add('job', { n: 2 }, OFTEN);
    const isNew = ({ data }: Run): boolean => (data as { n: number }).n === 2;
    await waitUntil(() => ours.runs.filter(isNew).length >= 3, 'runs with the new data');
    expect(ours.runs.slice(ours.runs.findIndex(isNew)).every(isNew)).toBe(true);
    expectEachOnce(ours.runs);
  });

  it('stay paused when it adds them again, and are gone when it removes them', async () => {
    const { broker, queue } = open();
    const schedules = broker.schedulesOf(queue);
    const { id } = await broker.addOnce(queue, { name: 'job', data: {}, options: HOURLY });
    const [look] = await schedules.look();
    await schedules.change(look?.schedule.key ?? '', 'pause');
    await plain.add('job', {}, HOURLY);
    expect(await queue.getJob(id)).not.toBeNull();
    expect(await schedules.keep()).toEqual({ revived: [], dead: [] });
    expect([await queue.getDelayedCount(), await plain.getRepeatableCount()]).toEqual([0, 0]);
    await schedules.change(look?.schedule.key ?? '', 'resume');
    await plain.removeRepeatable('job', HOURLY.repeat);
    await schedules.keep();
    expect(await schedules.look()).toEqual([]);
  });

  it('get their run back when its hash was deleted, or everything that a pattern matches', async () => {
    const { broker, queue } = open();
    const schedules = broker.schedulesOf(queue);
    const { id } = await broker.addOnce(queue, { name: 'job', data: { n: 1 }, options: HOURLY });
    for (const remove of [() => plain.client.del(plain.toKey(id)), () => queue.removeJobs('*')]) {
      await remove();
      await schedules.keep();
      expect(await queue.getJob(id)).toMatchObject({ data: { n: 1 } });
    }
  });

  it.each<[string, (record: Record<string, unknown>) => unknown]>([
    ['no JSON', () => '{'],
    ['no object', () => null],
    ['options null', (record) => ({ ...record, options: null })],
    ['repeat null', (record) => ({ ...record, repeat: null })],
    ['a payload that is no JSON', (record) => ({ ...record, data: 'x' })],
    ['a last run that is null', (record) => ({ ...record, last: null })],
    [
      'times that are none',
      (record) => ({ ...record, pausedAt: 9e99, repeat: { every: 1e6, endDate: 'x' } }),
    ],
    ['no runs', (record) => ({ ...record, runs: 'many' })],
  ])('are kept, listed and changed although their record has %s', async (_what, spoil) => {
    const { broker, queue } = open();
    const schedules = broker.schedulesOf(queue);
    const request = { name: 'job', data: {}, options: HOURLY };
    const { id } = await broker.addOnce(queue, request);
    const records = plain.toKey('mq:schedules');
    for (const [key, text] of Object.entries(await plain.client.hgetall(records))) {
      const spoiled = spoil(JSON.parse(text) as Record<string, unknown>);
      await plain.client.hset(records, key, typeof spoiled === 'string' ? spoiled : JSON.stringify(spoiled));
    }
    expect(await schedules.keep()).toEqual({ revived: [], dead: [] });
    expect(await schedules.look()).toMatchObject([{ run: 'delayed', schedule: { record: { name: 'job' } } }]);
    expect(await broker.addOnce(queue, { ...request, data: { n: 2 } })).toMatchObject({
      schedule: 'updated',
    });
    expect(await queue.getJob(id)).toMatchObject({ data: { n: 2 } });
  });
});
