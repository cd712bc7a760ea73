import { once, request } from '../../../../test/support/add-requests.js';
import { defineQueue } from '../../jobs/queue-definition.js';
import type { Settlement } from '../../jobs/settlement.js';
import { ManualClock } from '../../../kernel/time/manual-clock.js';
import { JobResult } from '../../jobs/job-result.js';
import type { TakenJob } from '../../jobs/taken-job.js';
import { MemoryBroker } from './memory-broker.js';

class AnyPayload {}

function definition(name: string): ReturnType<typeof defineQueue> {
  return defineQueue({
    name,
    description: 'A queue of a test.',
    jobs: { job: AnyPayload },
    concurrency: 2,
    attempts: 3,
    backoff: { type: 'fixed', delayMs: 1_000 },
    timeoutMs: 5_000,
  });
}

const done: Settlement = { kind: 'completed', result: JobResult.nothing };

describe('A memory broker that is driven by hand', () => {
  const clock = new ManualClock();
  const broker = new MemoryBroker({ clock, drive: 'manual' });
  const [first, second] = [broker.createQueue(definition('first')), broker.createQueue(definition('second'))];
  const ran: string[] = [];
  let settle: (taken: TakenJob) => Settlement = () => done;

  beforeAll(async () => {
    for (const queue of [first, second]) {
      await broker.work(queue, 2, async (taken) => {
        ran.push(`${taken.job.queue.name} ${JSON.stringify(taken.job.data)}`);
        return settle(taken);
      });
    }
  });

  beforeEach(() => {
    ran.length = 0;
    settle = () => done;
  });

  afterAll(() => broker.close());

  it('runs nothing by itself', async () => {
    await first.add('job', { n: 1 });
    await clock.advance(10_000);
    expect([ran, await first.getWaitingCount()]).toEqual([[], 1]);
    expect(await broker.runNext()).toBe(true);
    expect(await broker.runNext()).toBe(false);
    expect(ran).toEqual(['first {"n":1}']);
  });

  it('drains queues together, in the order in which jobs began to wait', async () => {
    await second.add('job', { n: 1 });
    await first.add('job', { n: 2 });
    await second.add('job', { n: 3 });
    expect(await broker.drain()).toBe(3);
    expect(ran).toEqual(['second {"n":1}', 'first {"n":2}', 'second {"n":3}']);
  });

  it('tells when the next delayed job is due, and runs it once the clock has come there', async () => {
    await first.add('job', { late: true }, { delay: 5_000 });
    await second.add('job', { later: true }, { delay: 9_000 });
    expect(broker.nextDueAt()).toBe(clock.now() + 5_000);
    expect(await broker.drain()).toBe(0);
    await clock.advance(5_000);
    expect(await broker.drain()).toBe(1);
    await clock.advance(4_000);
    expect(await broker.drain()).toBe(1);
    expect([ran, broker.nextDueAt()]).toEqual([['first {"late":true}', 'second {"later":true}'], null]);
  });

  it('retries by the delay of the settlement', async () => {
    settle = ({ job }) => {
      const failure = {
        at: clock.now(),
        attempt: job.attemptsMade + 1,
        kind: 'error',
        error: 'E',
        message: 'no',
      } as const;
      return {
        kind: 'failed',
        error: new Error('no'),
        retryDelayMs: job.attemptsMade < 1 ? 2_000 : null,
        failure,
      };
    };
    const job = await first.add('job', {});
    expect(await broker.drain()).toBe(1);
    expect(await job.getState()).toBe('delayed');
    await clock.advance(2_000);
    expect(await broker.drain()).toBe(1);
    expect(await job.getState()).toBe('failed');
  });

  it('runs a schedule as the clock moves on', async () => {
    await first.add('job', { tick: 1 }, { repeat: { cron: '0 3 * * *', tz: 'UTC' } });
    for (let day = 0; day < 3; day++) {
      await clock.advance(24 * 3_600_000);
      expect(await broker.drain()).toBe(1);
    }
    expect(await first.getDelayedCount()).toBe(1);
  });

  it('forgets idempotency keys whose time has passed, so that they do not pile up', async () => {
    const managed = second as unknown as { ledger: { size: number } };
    for (let n = 0; n < 5_000; n++) {
      await broker.addOnce(
        second,
        request({ options: { removeOnComplete: true }, ...once(`k${n}`, 'f', 1_000) }),
      );
      if (n % 100 === 0) await clock.advance(200);
    }
    expect(managed.ledger.size).toBeLessThan(2_500);
    await second.empty();
  });
});

describe('The memory that a dead letter counts for', () => {
  it('does not grow with each replay for ever', async () => {
    const broker = new MemoryBroker({ drive: 'manual' });
    const queue = broker.createQueue(definition('replayed'));
    const error = new Error('no');
    await broker.work(queue, 1, async ({ job }) => {
      const failure = {
        at: 1,
        attempt: job.attemptsMade + 1,
        kind: 'error',
        error: 'Error',
        message: 'no',
      } as const;
      return { kind: 'failed', error, retryDelayMs: null, failure };
    });
    const { id } = await queue.add('job', {});
    await broker.drain();
    let at = 0;
    const replay = async (times: number): Promise<number> => {
      for (let turn = 0; turn < times; turn++) {
        await broker.replay(queue, [{ id: String(id) }], { at: ++at, by: 'ops' });
        await broker.drain();
      }
      return broker.budget.bytes;
    };
    // The record says who put it back, for so many times.
    const full = await replay(50);
    expect(await replay(30)).toBe(full);
    await broker.close();
  });
});

describe('A schedule in a memory queue that is full', () => {
  it('goes on: the next run is added although no other job would be', async () => {
    const clock = new ManualClock();
    const broker = new MemoryBroker({ clock, drive: 'manual', maxJobs: 2 });
    const queue = broker.createQueue(definition('full'));
    await broker.work(queue, 1, async () => done);
    await queue.add('job', { tick: true }, { repeat: { every: 60_000 } });
    await queue.add('job', {});
    await expect(queue.add('job', {})).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    await clock.advance(60_000);
    expect(await broker.drain()).toBe(2);
    expect([await queue.getCompletedCount(), await queue.getDelayedCount()]).toEqual([2, 1]);
    await broker.close();
  });
});
