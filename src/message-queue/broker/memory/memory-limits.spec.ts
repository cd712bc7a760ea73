import { addAll } from '../../../../test/support/add-all.js';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { defineQueue } from '../../jobs/queue-definition.js';
import type { QueueDefinition } from '../../jobs/queue-definition.js';
import { ManualClock } from '../../../kernel/time/manual-clock.js';
import { MemoryBroker } from './memory-broker.js';
import { JOB_OVERHEAD_BYTES } from './store/memory-budget.js';
import { MemoryQueue } from './bull/queue/memory-queue.js';
import { JobResult } from '../../jobs/job-result.js';
import type { Settlement } from '../../jobs/settlement.js';

class AnyPayload {}

function definition(over: Partial<QueueDefinition> = {}): QueueDefinition {
  const base = defineQueue({
    name: 'work',
    description: 'A queue of a test.',
    jobs: { job: AnyPayload },
    concurrency: 10,
    attempts: 3,
    backoff: { type: 'fixed', delayMs: 50 },
    timeoutMs: 5_000,
  });
  return { ...base, ...over };
}

const PAYLOAD = { text: 'x'.repeat(250) };

const done: Settlement = { kind: 'completed', result: JobResult.nothing };

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapMegabytes(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

describe('The bounds of the memory provider', () => {
  it('refuses jobs beyond maxJobs, over all queues and states, and takes them again when one is gone', async () => {
    const broker = new MemoryBroker({ maxJobs: 3 });
    const [a, b] = [broker.createQueue(definition()), broker.createQueue(definition({ name: 'other' }))];
    await a.add('job', {}, { removeOnComplete: true });
    await a.add('job', {}, { delay: 60_000 });
    const third = await b.add('job', {});
    await expect(b.add('job', {})).rejects.toMatchObject({
      code: 'QUEUE_FULL',
      depth: 3,
      limit: 3,
      queue: 'other',
    });
    await third.remove();
    await b.add('job', {});
    expect(await broker.inspectServer()).toMatchObject({ memoryUsedRatio: 1 });
    await broker.close();
  });

  it('refuses jobs beyond maxBytes, counting payload, result and stack traces', async () => {
    const broker = new MemoryBroker({ maxBytes: 3 * (JOB_OVERHEAD_BYTES + 1_000) });
    const queue = broker.createQueue(definition());
    const payload = { text: 'x'.repeat(980) };
    for (let i = 0; i < 3; i++) await queue.add('job', payload);
    await expect(queue.add('job', payload)).rejects.toThrow(/maxBytes/);
    const before = broker.budget.bytes;
    const job = await queue.getNextJob();
    await job?.moveToFailed({ message: 'no', stack: 's'.repeat(700) } as Error);
    expect(broker.budget.bytes - before).toBe(700);
    await queue.empty();
    await queue.clean(-1, 'delayed');
    expect([broker.budget.jobs, broker.budget.bytes]).toEqual([0, 0]);
    await broker.close();
  });

  it('has one timer for a thousand delayed jobs, and none when they are gone', async () => {
    const clock = new ManualClock();
    const queue = new MemoryQueue('timers', { clock });
    void queue.process(async () => undefined);
    for (let i = 0; i < 1_000; i++) await queue.add({}, { delay: 1_000 + ((i * 7_919) % 1_000) });
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(1_500);
    expect(clock.pendingTimers).toBe(1);
    await queue.clean(-5_000, 'delayed');
    expect(clock.pendingTimers).toBe(0);
    await queue.close();
  });

  it('adds prioritised and delayed jobs to a backlog of 200 000 about as fast as to none', async () => {
    const queue = new MemoryQueue('backlog');
    const batch = async (): Promise<number> => {
      const began = performance.now();
      for (let i = 0; i < 10_000; i++)
        await queue.add({}, i % 2 ? { priority: 1 + (i % 9) } : { delay: 60_000 - i });
      return performance.now() - began;
    };
    await batch();
    const empty = Math.min(await batch(), await batch());
    for (let i = 0; i < 200_000; i++) await queue.add({}, i % 2 ? { priority: 9 } : { delay: 50_000 + i });
    const full = Math.min(await batch(), await batch(), await batch());
    // A walk over the backlog would be a hundred times as slow.
    expect(full / empty).toBeLessThan(6);
    await queue.close();
  });

  it('has the same heap after 120 000 jobs as after 20 000', async () => {
    const queue = new MemoryQueue('heap');
    let runs = 0;
    void queue.process(10, async () => void (runs += 1));
    const runUpTo = async (total: number): Promise<number> => {
      const bulk = Array.from({ length: 1_000 }, () => ({ data: PAYLOAD, opts: { removeOnComplete: true } }));
      while (runs < total) {
        await queue.addBulk(bulk);
        while ((await queue.count()) > 0) await new Promise((resolve) => setImmediate(resolve));
      }
      return heapMegabytes();
    };
    const early = await runUpTo(20_000);
    // 20 bytes per job: the smallest object that is kept takes more.
    expect((await runUpTo(120_000)) - early).toBeLessThan(2);
    expect(await queue.getCompletedCount()).toBe(0);
    await queue.close();
  });

  it('keeps nothing of managed jobs that are done, however many', async () => {
    const broker = new MemoryBroker();
    const queue = broker.createQueue(definition());
    let runs = 0;
    await broker.work(queue, 10, async () => {
      runs += 1;
      return done;
    });
    const runUpTo = async (total: number): Promise<number> => {
      const request = { name: 'job', data: PAYLOAD, options: { removeOnComplete: true } };
      while (runs < total) {
        await addAll(broker, queue, Array<typeof request>(1_000).fill(request));
        while ((await queue.count()) > 0) await new Promise((resolve) => setImmediate(resolve));
      }
      return heapMegabytes();
    };
    const early = await runUpTo(20_000);
    expect((await runUpTo(100_000)) - early).toBeLessThan(2);
    expect([broker.budget.jobs, broker.budget.bytes]).toEqual([0, 0]);
    await broker.close();
  });
});
