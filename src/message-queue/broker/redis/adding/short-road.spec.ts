import type { Queue } from 'bull';
import { testQueue } from '../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import { writtenPayload } from '../../../admission/payloads/json-payload.js';
import type { QueueDefinition } from '../../../jobs/queue-definition.js';
import type { AddRequest, BulkAddOutcome, OrdinaryAdd } from '../../broker.js';
import { JOB_ADDED } from '../../rules/events/local-events.js';

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
});
