import 'reflect-metadata';
import type { Job, Queue } from 'bull';
import { TestRedis } from '../../../../test/support/redis-server.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { defineQueue } from '../../jobs/queue-definition.js';
import type { QueueDefinition } from '../../jobs/queue-definition.js';
import type { Settlement } from '../../jobs/settlement.js';
import type { Delivery } from '../broker.js';
import { RedisBroker } from './redis-broker.js';
import type { BrokerProblem, RedisBrokerOptions } from './redis-broker.options.js';

class Payload {}

const definition = (name = 'work', over: Partial<QueueDefinition> = {}): QueueDefinition =>
  defineQueue({
    name,
    description: 'Test queue.',
    jobs: { job: Payload },
    concurrency: 3,
    attempts: 3,
    backoff: { type: 'fixed', delayMs: 50 },
    timeoutMs: 5_000,
    ...over,
  });

describe('RedisBroker', () => {
  let redis: TestRedis;
  let problems: BrokerProblem[];
  const open: RedisBroker[] = [];
  let run = 0;

  const broker = (over: Partial<RedisBrokerOptions> = {}): RedisBroker => {
    const made = new RedisBroker({
      redis: { topology: { kind: 'single', host: '127.0.0.1', port: redis.port }, db: 0, tls: false },
      prefix: `t${run}`,
      onProblem: (problem) => problems.push(problem),
      ...over,
    });
    open.push(made);
    return made;
  };

  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  beforeEach(() => {
    run += 1;
    problems = [];
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.close()));
    expect(problems).toEqual([]);
  });
  afterAll(() => redis.stop());

  const done = (result: unknown): Settlement => ({ kind: 'completed', result });
  const collect = async (one: RedisBroker, queue: Queue, end: (d: Delivery) => Settlement | Promise<Settlement>) => {
    const seen: Job[] = [];
    const worker = await one.work(queue, 3, async (delivery) => {
      seen.push(delivery.job);
      return end(delivery);
    });
    return { seen, worker };
  };

  it('runs a job and stores its result', async () => {
    const one = broker();
    const queue = one.createQueue(definition());
    const { id, deduplicated } = await one.addOnce(queue, { name: 'job', data: { a: 1 }, options: {} });
    expect(deduplicated).toBe(false);
    const { seen } = await collect(one, queue, () => done({ ok: true }));
    const job = await waitUntil(async () => {
      const found = await queue.getJob(id);
      return found?.finishedOn ? found : null;
    }, 'the job to end');
    expect(job.returnvalue).toEqual({ ok: true });
    expect(seen.map((j) => j.data)).toEqual([{ a: 1 }]);
    expect(await one.snapshot(queue)).toMatchObject({ waiting: 0, active: 0, completed: 1 });
  });

  it('runs many jobs in the concurrency it was given', async () => {
    const one = broker();
    const queue = one.createQueue(definition());
    let now = 0;
    let most = 0;
    const { seen } = await collect(one, queue, async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 1));
      now -= 1;
      return done(null);
    });
    await one.addMany(
      queue,
      Array.from({ length: 500 }, (_, i) => ({ name: 'job', data: { i }, options: {} })),
    );
    await waitUntil(async () => (await one.snapshot(queue)).completed === 500, '500 jobs');
    expect(most).toBe(3);
    expect(new Set(seen.map((j) => j.id)).size).toBe(500);
  });

  it('retries, defers, hands back and buries', async () => {
    const one = broker();
    const queue = one.createQueue(definition());
    const failed = jest.fn();
    queue.on('failed', failed);
    let turn = 0;
    const { seen } = await collect(one, queue, ({ job }) => {
      turn += 1;
      if (turn === 1) return { kind: 'deferred', delayMs: 30, reason: 'later' };
      if (turn === 2) return { kind: 'handed-back' };
      const error = new Error('no');
      const failure = { at: Date.now(), attempt: job.attemptsMade + 1, kind: 'error' as const, error: 'Error', message: 'no' };
      return { kind: 'failed', error, failure, retryDelayMs: turn === 3 ? 0 : turn === 4 ? 20 : null };
    });
    const { id } = await one.addOnce(queue, { name: 'job', data: {}, options: {} });
    await waitUntil(async () => (await one.snapshot(queue)).failed === 1, 'a dead letter');
    expect(seen.map((j) => j.attemptsMade)).toEqual([0, 0, 1, 2, 3]);
    const job = await queue.getJob(id);
    expect(job?.attemptsMade).toBe(3);
    expect((job?.opts as { mq: { failures: unknown[] } }).mq.failures).toHaveLength(3);
    expect(failed).toHaveBeenCalledTimes(3);
  });
});
