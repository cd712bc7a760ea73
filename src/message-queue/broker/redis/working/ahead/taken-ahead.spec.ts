import type { Queue } from 'bull';
import { addAll } from '../../../../../../test/support/add-all.js';
import { completed, testQueue, workOn } from '../../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../../../test/support/wait-until.js';
import type { QueueWorker } from '../../../broker.js';
import type { RedisBroker } from '../../redis-broker.js';
import { completeJobsScript } from '../../scripts/complete-jobs.lua.js';

const JOBS = 2_000;
/** By then runs are known to be short, and jobs are taken ahead. */
const LATER = 300;

describe('jobs that are taken ahead', () => {
  const stage = redisStage();

  async function fill(): Promise<{ broker: RedisBroker; queue: Queue; ids: string[] }> {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    const requests = Array.from({ length: JOBS }, (_, n) => ({ name: 'job', data: { n }, options: {} }));
    return { broker, queue, ids: await addAll(broker, queue, requests) };
  }

  /** Ids of the jobs that wait, the next one first. */
  async function waiting(queue: Queue): Promise<string[]> {
    const jobs = await queue.getJobs(['waiting', 'paused'], 0, -1, true);
    return jobs.map(({ id }) => String(id));
  }

  async function isDone(broker: RedisBroker, queue: Queue): Promise<boolean> {
    const { waiting, active } = await broker.snapshot(queue);
    return waiting + active === 0;
  }

  /** Whether runs are known to be short, and others wait for this one. */
  const isTimeToStop = (seen: readonly unknown[], worker: QueueWorker): boolean =>
    seen.length > LATER && worker.active.size > 1;

  it('never make more handlers run than the concurrency says', async () => {
    const { broker, queue } = await fill();
    let [running, most, active] = [0, 0, 0];
    const { seen, worker } = await workOn(
      broker,
      queue,
      async () => {
        most = Math.max(most, (running += 1));
        active = Math.max(active, worker.active.size);
        await Promise.resolve();
        running -= 1;
        return completed();
      },
      4,
    );
    await waitUntil(() => isDone(broker, queue), 'the ends');
    expect(seen).toHaveLength(JOBS);
    expect(most).toBe(4);
    expect(active).toBeGreaterThan(8);
  });

  it('are none while handlers are slow', async () => {
    const { broker, queue } = await fill();
    let most = 0;
    const { seen, worker } = await workOn(
      broker,
      queue,
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 15));
        most = Math.max(most, worker.active.size);
        return completed();
      },
      4,
    );
    await waitUntil(() => seen.length > 20, 'some runs');
    expect(most).toBe(4);
    await worker.stopFetching();
    await worker.whenIdle();
  });

  it('go back in order when the run before them turns out to be slow, and others run them', async () => {
    const { broker, queue, ids } = await fill();
    let begun = 0;
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const { seen, worker } = await workOn(
      broker,
      queue,
      async () => {
        if (begun === 0 && isTimeToStop(seen, worker)) {
          begun = seen.length;
          await ended;
        }
        return completed();
      },
      1,
    );
    await waitUntil(() => begun > 0 && worker.active.size === 1, 'the line to be empty');
    expect(seen).toHaveLength(begun);
    expect(await waiting(queue)).toEqual(ids.slice(begun));
    end();
    await waitUntil(() => isDone(broker, queue), 'the ends');
    expect(seen.map(({ id }) => id)).toEqual(ids);
  });

  it.each<[string, (queue: Queue) => Promise<unknown>]>([
    ['the worker stops', async (queue) => queue.close()],
    ['the queue is paused here', async (queue) => queue.pause(true)],
  ])('go back at once when %s: none begins any more', async (_when, stop) => {
    const { broker, queue, ids } = await fill();
    const counts = stage.fixture.broker();
    const twin = counts.createQueue(testQueue());
    let begun = 0;
    let stopped: Promise<unknown> | undefined;
    const { seen, worker } = await workOn(
      broker,
      queue,
      () => {
        if (begun === 0 && isTimeToStop(seen, worker)) {
          begun = seen.length;
          stopped = stop(queue);
        }
        return completed();
      },
      1,
    );
    await waitUntil(() => stopped !== undefined, 'the end');
    await stopped;
    await waitUntil(async () => (await counts.snapshot(twin)).active === 0, 'the line to be handed back');
    expect(seen.map(({ id }) => id)).toEqual(ids.slice(0, begun));
    expect(await waiting(twin)).toEqual(ids.slice(begun));
    const fields = await stage.client.hkeys(`${stage.fixture.prefix}:work:${ids[begun] ?? ''}`);
    expect(fields.filter((field) => field.startsWith('mq'))).toEqual([]);
  });

  it('go back when the queue is paused for all workers', async () => {
    const { broker, queue, ids } = await fill();
    const counts = stage.fixture.broker();
    const twin = counts.createQueue(testQueue());
    const { seen } = await workOn(broker, queue, () => completed(), 1);
    await waitUntil(() => seen.length > LATER, 'many runs');
    await twin.pause();
    await waitUntil(async () => (await counts.snapshot(twin)).active === 0, 'the line to be empty');
    expect(seen.length).toBeLessThan(JOBS);
    expect([...seen.map(({ id }) => id), ...(await waiting(twin))]).toEqual(ids);
    await twin.resume();
    await waitUntil(() => isDone(counts, twin), 'the ends');
    expect(seen.map(({ id }) => id)).toEqual(ids);
  });

  it('keep a more important job waiting for about ten milliseconds of work at most', async () => {
    const { broker, queue } = await fill();
    const handle = async (): Promise<ReturnType<typeof completed>> => {
      const until = performance.now() + 1;
      while (performance.now() < until);
      await new Promise((resolve) => setImmediate(resolve));
      return completed();
    };
    const { seen } = await workOn(broker, queue, handle, 1);
    await waitUntil(() => seen.length > LATER, 'many runs');
    const { id } = await broker.addOnce(queue, { name: 'job', data: {}, options: { priority: 1 } });
    const before = seen.length;
    await waitUntil(() => seen.some((run) => run.id === id), 'the important job');
    expect(seen.findIndex((run) => run.id === id) - before).toBeLessThan(25);
    await waitUntil(() => isDone(broker, queue), 'the ends');
  });

  it('stay marked when a call comes late that began them in an earlier run', async () => {
    const base = `${stage.fixture.prefix}:work:`;
    await stage.client.sadd(`${base}mq:ahead`, 'now held');
    const begin = (run: string): Promise<unknown> => {
      const head = ['token', Date.now(), 5_000, 0, '', 0, 0, 1];
      return stage.client.eval(completeJobsScript.lua, 1, base, ...head, `${run} held`);
    };
    await begin('before');
    expect(await stage.client.smembers(`${base}mq:ahead`)).toEqual(['now held']);
    await begin('now');
    expect(await stage.client.exists(`${base}mq:ahead`)).toBe(0);
  });
});
