import { AsyncLocalStorage } from 'node:async_hooks';
import type { Job, JobOptions } from 'bull';
import { waitUntil } from '../../support/wait-until.js';
import { aborted, completed, failed } from './broker-bench.js';
import type { BrokerCase } from './broker-bench.js';

const request = new AsyncLocalStorage<string>();
const EVENTS = ['active', 'completed', 'failed', 'drained', 'enqueued', 'paused', 'resumed'];
const SENT = ['global:waiting', 'global:active', 'global:completed', 'global:failed'];

/** What a request keeps beside its calls (`AsyncLocalStorage`, CLS, traces) stays in it; what should travel is part of the job. */
export const contextCases: readonly BrokerCase[] = [
  [
    'a run finds nothing of the request that added its job, nor of another one',
    async (bench) => {
      const queue = bench.open();
      const seen: unknown[] = [];
      let attempts = 0;
      await request.run('the start', () =>
        bench.work(
          queue,
          async (taken) => {
            seen.push(request.getStore());
            await new Promise(setImmediate);
            seen.push(request.getStore());
            return taken.job.name === 'other' && (attempts += 1) === 1 ? failed(taken, 10) : completed();
          },
          2,
        ),
      );
      const add = (n: number, options: JobOptions = {}): Promise<string> =>
        request.run(`request ${n}`, async () => {
          const id = await bench.add(queue, { name: n === 9 ? 'other' : 'job', options });
          // The caller goes on in its own.
          expect(request.getStore()).toBe(`request ${n}`);
          return id;
        });
      for (let n = 0; n < 3; n++) {
        await add(n);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await Promise.all([3, 4, 5, 6].map((n) => add(n)));
      await request.run('host', () => queue.add('job', {}));
      await request.run('bulk', () => queue.addBulk([{ name: 'job', data: {} }]));
      await add(8, { delay: 50 });
      await add(9);
      await request.run('pause', () => queue.pause());
      await request.run('resume', () => queue.resume());
      await waitUntil(() => seen.length === 24, 'all runs');
      expect(seen.filter((store) => store !== undefined)).toEqual([]);
    },
  ],
  [
    'runs do not mix, whatever they enter',
    async (bench) => {
      const queue = bench.open();
      const seen: unknown[] = [];
      await bench.work(queue, async ({ job }) => {
        seen.push(request.getStore());
        request.enterWith(`run ${String(job.id)}`);
        await new Promise(setImmediate);
        seen.push(request.getStore());
        return completed();
      });
      const ids = await bench.addAll(
        queue,
        [1, 2, 3].map((n) => ({ name: 'job', data: { n }, options: {} })),
      );
      await waitUntil(() => seen.length === 6, 'all runs');
      expect(seen).toEqual(ids.flatMap((id) => [undefined, `run ${id}`]));
    },
  ],
  [
    'listeners hear of no request, and not of the run either',
    async (bench) => {
      const queue = bench.open();
      const seen: [string, unknown][] = [];
      request.run('the listening', () => {
        for (const event of [...EVENTS, ...SENT])
          queue.on(event, () => seen.push([event, request.getStore()]));
      });
      await bench.work(queue, (taken) => {
        request.enterWith('a run');
        return taken.job.name === 'job' ? completed() : failed(taken);
      });
      await request.run('a request', async () => {
        const ids = [await bench.add(queue), await bench.add(queue, { name: 'other' })];
        await bench.untilState(queue, ids[0] ?? '', 'completed');
        await bench.untilState(queue, ids[1] ?? '', 'failed');
        await queue.pause();
        await queue.resume();
      });
      const heard = (): string[] => [...new Set(seen.map(([event]) => event))].sort();
      const local = EVENTS.filter((event) => event !== 'drained');
      await waitUntil(() => local.every((event) => heard().includes(event)), 'all local events');
      expect(seen.filter(([, store]) => store !== undefined)).toEqual([]);
    },
  ],
  [
    'a run that is cancelled hears nothing of the request that cancelled it',
    async (bench) => {
      const queue = bench.open();
      let seen: unknown = 'nothing yet';
      let running = false;
      await bench.work(queue, async (taken) => {
        running = true;
        await aborted(taken);
        seen = request.getStore();
        return failed(taken);
      });
      const id = await bench.add(queue);
      await waitUntil(() => running, 'the run');
      await request.run('the canceller', () => bench.broker.cancel(queue, id, 'no need'));
      await bench.untilState(queue, id, 'failed');
      expect(seen).toBeUndefined();
    },
  ],
  [
    'whoever takes jobs by hand stays where it asked',
    async (bench) => {
      const queue = bench.open();
      await bench.add(queue);
      const taken = (await request.run('a consumer', async () => {
        const job = await queue.getNextJob();
        return [request.getStore(), job];
      })) as [string, Job];
      expect(taken[0]).toBe('a consumer');
    },
  ],
];
