import type { Queue } from 'bull';
import { testQueue } from '../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import { writtenPayload } from '../../../admission/json-payload.js';
import type { QueueDefinition } from '../../../jobs/queue-definition.js';
import type { AddRequest, BulkAddOutcome, OrdinaryAdd } from '../../broker.js';
import { JOB_ADDED } from '../../rules/local-events.js';

const NAMES = ['job', 'other'];

function anyJobs(count: number): OrdinaryAdd[] {
  return Array.from({ length: count }, (_, n): OrdinaryAdd => {
    const priority = 1 + Math.floor(Math.random() * 10);
    const data = writtenPayload({ n, text: 'ж'.repeat(Math.floor(Math.random() * 20)) });
    const name = NAMES[n % 2] as string;
    return { ordinary: true, name, data, options: { priority }, critical: priority === 1 };
  });
}

describe('the short road of an add', () => {
  const stage = redisStage();

  /** What came of the jobs in a queue of their own. */
  async function addTo(name: string, jobs: readonly AddRequest[], over: Partial<QueueDefinition> = {}) {
    const definition = testQueue('work', { jobs: { job: Object, other: Object }, ...over });
    const broker = stage.fixture.broker({ prefix: `${stage.fixture.prefix}-${name}` });
    const queue = broker.createQueue(definition);
    const told: unknown[] = [];
    queue.on(JOB_ADDED, (_id: string, job: string) => told.push(job));
    const outcomes = await broker.addMany(queue, jobs);
    return { outcomes: outcomes.map(withoutId), told, jobs: await jobsOf(queue) };
  }

  /** The jobs of a queue in the order in which they are taken, as they are stored and as they are read. */
  async function jobsOf(queue: Queue): Promise<unknown[]> {
    const jobs = await queue.getJobs(['waiting'], 0, -1, true);
    return Promise.all(
      jobs.map(async ({ id, name, data, opts }) => {
        const { timestamp, ...hash } = await stage.client.hgetall(queue.toKey(String(id)));
        const { jobId, ...options } = opts;
        expect([jobId, (opts as { timestamp?: number }).timestamp]).toEqual([id, Number(timestamp)]);
        return { name, data: data as unknown, hash, options: { ...options, timestamp: 0 } };
      }),
    );
  }

  function withoutId(outcome: BulkAddOutcome): unknown {
    if (outcome.outcome !== 'rejected') return outcome.outcome;
    const { message, code } = outcome.error;
    return { code, message: message.replace(/job "[^"]+"/, 'job') };
  }

  const onTheLongRoad = (jobs: readonly OrdinaryAdd[]): AddRequest[] =>
    jobs.map((job) => ({ ...job, ordinary: false }));

  it.each([
    ['in calls of many', 350, {}],
    ['in a full queue', 120, { maxWaiting: 60 }],
    ['alone', 1, {}],
  ])('does what the long road does, %s', async (_when, count, over) => {
    const jobs = anyJobs(count);
    const short = await addTo('short', jobs, over);
    const long = await addTo('long', onTheLongRoad(jobs), over);
    expect(short).toEqual(long);
    expect(short.jobs.length).toBe(Math.min(count, short.told.length));
  });

  it('costs Redis one command a job, and a dozen a call', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    await broker.addMany(
      queue,
      anyJobs(1).map((job) => ({ ...job, name: 'job' })),
    );
    const before = await callsOf();
    const usual = Array.from({ length: 100 }, (): OrdinaryAdd => {
      return { ordinary: true, name: 'job', data: writtenPayload({ a: 1 }), options: { priority: 6 } };
    });
    await broker.addMany(queue, usual);
    const after = await callsOf();
    expect((after['hset'] ?? 0) - (before['hset'] ?? 0)).toBe(100);
    const others = Object.keys(after).filter(
      (name) => !['hset', 'info', 'script', 'evalsha', 'eval'].includes(name),
    );
    const rest = others.reduce((sum, name) => sum + (after[name] ?? 0) - (before[name] ?? 0), 0);
    expect(rest).toBeLessThanOrEqual(12);
  });

  /** How often each command ran. */
  async function callsOf(): Promise<Record<string, number>> {
    const stats = await stage.client.info('commandstats');
    const found = [...stats.matchAll(/cmdstat_([\w|]+):calls=(\d+)/g)];
    return Object.fromEntries(found.map(([, name, calls]) => [name ?? '', Number(calls)]));
  }
});
