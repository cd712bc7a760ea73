import { CancelledError, ShutdownError } from '../../../src/message-queue/jobs/errors.js';
import { boundedError } from '../../../src/message-queue/jobs/failure-record.js';
import { QUEUE_DEFAULTS } from '../../../src/message-queue/jobs/queue-settings.js';
import { recordOf } from '../../../src/message-queue/jobs/managed-job.js';
import { waitUntil } from '../../support/wait-until.js';
import type { Settlement } from '../../../src/message-queue/jobs/settlement.js';
import type { TakenJob } from '../../../src/message-queue/jobs/taken-job.js';
import type { BrokerCase } from './broker-bench.js';
import { aborted, completed, failed } from './broker-bench.js';

/** Running jobs and storing how they ended. */
export const workCases: readonly BrokerCase[] = [
  [
    'hands a job over with payload, options and attempt',
    async (bench) => {
      const queue = bench.open();
      const seen: unknown[] = [];
      await bench.work(queue, ({ job, crashes, abortReason }) => {
        seen.push(job.id, job.name, job.data, job.attemptsMade, crashes.length, abortReason);
        return completed();
      });
      const id = await bench.add(queue, { data: { at: new Date(0) } });
      await bench.untilState(queue, id, 'completed');
      expect(seen).toEqual([id, 'job', { at: '1970-01-01T00:00:00.000Z' }, 0, 0, undefined]);
    },
  ],
  [
    'runs jobs by priority, first in first out within one',
    async (bench) => {
      const queue = bench.open();
      const ids: Record<string, string> = {};
      for (const [name, priority] of Object.entries({ low: 9, high: 3, top: 1, high2: 3, none: undefined })) {
        ids[name] = await bench.add(queue, { options: { priority } });
      }
      const { runs } = await bench.work(queue);
      await waitUntil(() => runs.length === 5, 'five runs');
      expect(runs).toEqual(['top', 'high', 'high2', 'low', 'none'].map((name) => ids[name]));
    },
  ],
  [
    'runs exactly as many at once as the concurrency says, over all names',
    async (bench) => {
      const queue = bench.open();
      const gates: (() => void)[] = [];
      let [now, most] = [0, 0];
      await bench.work(
        queue,
        async () => {
          most = Math.max(most, (now += 1));
          await new Promise<void>((resolve) => gates.push(resolve));
          now -= 1;
          return completed();
        },
        3,
      );
      for (let i = 0; i < 8; i++) await bench.add(queue, { name: i % 2 ? 'job' : 'other' });
      await waitUntil(() => now === 3, 'three active runs');
      expect(await bench.broker.snapshot(queue)).toMatchObject({ active: 3, waiting: 5 });
      while ((await queue.getCompletedCount()) < 8) gates.shift()?.();
      expect(most).toBe(3);
    },
  ],
  [
    'tells of each run whether its end was stored, once it was',
    async (bench) => {
      const queue = bench.open();
      const told: unknown[] = [];
      const ends = [
        () => completed(),
        (run: TakenJob) => failed(run),
        (run: TakenJob) => failed(run, 60_000),
        later,
        () => completed(),
      ];
      await bench.work(queue, async (taken) => {
        const state = async (): Promise<unknown> => (await queue.getJob(taken.job.id))?.getState();
        taken.onStored((isStored) => void state().then((now) => told.push(isStored, now)));
        const end = ends.shift() ?? later;
        if (ends.length === 0) await queue.obliterate({ force: true });
        return end(taken);
      });
      for (const state of ['completed', 'failed', 'delayed', 'delayed']) {
        await bench.untilState(queue, await bench.add(queue), state);
      }
      await bench.add(queue);
      await waitUntil(() => told.length === 10, 'five ends');
      expect(told).toEqual([
        true,
        'completed',
        true,
        'failed',
        true,
        'delayed',
        true,
        'delayed',
        false,
        undefined,
      ]);
    },
  ],
  [
    'keeps the reason of a run that its own handler cancelled, as it was given',
    async (bench) => {
      const queue = bench.open();
      const reasons = ['no longer needed', 'The job was cancelled: twice', 'x'.repeat(3_000)];
      await bench.work(queue, (run) => {
        const error = new CancelledError(reasons[(run.job.data as { n: number }).n] ?? '');
        return { ...failed(run, null, error.message, 'cancelled'), error: boundedError(error) } as Settlement;
      });
      for (const [n, reason] of reasons.entries()) {
        const id = await bench.add(queue, { data: { n } });
        await bench.untilState(queue, id, 'failed');
        const job = await queue.getJob(id);
        expect(job === null ? null : recordOf(job).cancelled?.reason).toBe(reason.slice(0, 500));
      }
    },
  ],
  [
    'stores a result and tells',
    async (bench) => {
      const queue = bench.open();
      const heard: unknown[] = [];
      queue.on('completed', (job, result) => heard.push(job.id, result, job.returnvalue));
      await bench.work(queue, () => completed({ ok: [1] }));
      const id = await bench.add(queue);
      await bench.untilState(queue, id, 'completed');
      const job = await queue.getJob(id);
      expect([job?.returnvalue, job?.attemptsMade, typeof job?.finishedOn]).toEqual([
        { ok: [1] },
        0,
        'number',
      ]);
      await waitUntil(() => heard.length === 3, 'the event');
      expect(heard).toEqual([id, { ok: [1] }, { ok: [1] }]);
    },
  ],
  [
    'tells the end of a run before the next one starts',
    async (bench) => {
      const queue = bench.open();
      const heard: unknown[] = [];
      queue.on('active', (job) => void heard.push(`active ${job.id}`));
      queue.on('completed', (job) => void heard.push(`completed ${job.id}`));
      const ids = [await bench.add(queue), await bench.add(queue), await bench.add(queue)];
      await bench.work(queue);
      await waitUntil(() => heard.length === 6, 'three runs to be told');
      expect(heard).toEqual(ids.flatMap((id) => [`active ${id}`, `completed ${id}`]));
    },
  ],
  [
    'makes a failed attempt of a run that rejects or throws: the job’s attempts and backoff count, then it is a dead letter',
    async (bench) => {
      const queue = bench.open();
      const at: number[] = [];
      // One throws at once, one rejects.
      await bench.broker.work(queue, 1, () => {
        at.push(Date.now());
        const error = new TypeError(`broken ${at.length}`);
        if (at.length === 1) throw error;
        return Promise.reject(error);
      });
      const backoff = { type: 'fixed', delay: 40 };
      const id = await bench.add(queue, { options: { attempts: 2, backoff } });
      await bench.untilState(queue, id, 'failed');
      expect((at[1] as number) - (at[0] as number)).toBeGreaterThanOrEqual(39);
      const job = await queue.getJob(id);
      expect([at.length, job?.attemptsMade, job?.failedReason]).toEqual([2, 2, 'broken 2']);
      expect(job && recordOf(job).failures).toMatchObject([
        { attempt: 1, kind: 'error', error: 'TypeError', message: 'broken 1' },
        { attempt: 2, kind: 'error', error: 'TypeError', message: 'broken 2' },
      ]);
    },
  ],
  [
    'keeps as many completed jobs as the queue’s retention says',
    async (bench) => {
      const retention = { ...QUEUE_DEFAULTS.retention, completedCount: 2 };
      const queue = bench.open({ retention });
      const { runs } = await bench.work(queue);
      for (let i = 0; i < 5; i++) await bench.add(queue);
      await waitUntil(() => runs.length === 5, 'five runs');
      await waitUntil(async () => (await queue.getActiveCount()) === 0, 'the end of the last');
      expect(await queue.getCompletedCount()).toBe(2);
    },
  ],
  [
    'makes a dead letter, with the failure in its record',
    async (bench) => {
      const queue = bench.open();
      const heard: unknown[] = [];
      queue.on('failed', (job, error) => heard.push(job.id, error.message, job.attemptsMade));
      await bench.work(queue, (taken) => failed(taken, null, 'broken'));
      const id = await bench.add(queue);
      await bench.untilState(queue, id, 'failed');
      const job = await queue.getJob(id);
      expect([job?.failedReason, job?.attemptsMade, job?.stacktrace.length]).toEqual(['broken', 1, 1]);
      expect(job && recordOf(job).failures).toMatchObject([{ attempt: 1, kind: 'error', message: 'broken' }]);
      await waitUntil(() => heard.length === 3, 'the event');
      expect(heard).toEqual([id, 'broken', 1]);
    },
  ],
  [
    'tries again after a delay, and adds each failure to the record',
    async (bench) => {
      const queue = bench.open();
      const at: number[] = [];
      await bench.work(queue, (taken) => {
        at.push(Date.now());
        return at.length < 3 ? failed(taken, 40, `no ${at.length}`) : completed();
      });
      const id = await bench.add(queue);
      await bench.untilState(queue, id, 'completed');
      expect((at[1] as number) - (at[0] as number)).toBeGreaterThanOrEqual(39);
      const job = await queue.getJob(id);
      expect(job?.attemptsMade).toBe(2);
      expect(job && recordOf(job).failures?.map(({ message, attempt }) => [message, attempt])).toEqual([
        ['no 1', 1],
        ['no 2', 2],
      ]);
    },
  ],
  [
    'is delayed between tries',
    async (bench) => {
      const queue = bench.open();
      await bench.work(queue, (taken) => failed(taken, 60_000));
      const id = await bench.add(queue);
      await bench.untilState(queue, id, 'delayed');
      expect(await bench.broker.snapshot(queue)).toMatchObject({ delayed: 1, active: 0, failed: 0 });
    },
  ],
  [
    'tries again at once with a delay of 0, behind its lane',
    async (bench) => {
      const queue = bench.open();
      const [a, b] = [await bench.add(queue), await bench.add(queue)];
      const { runs } = await bench.work(queue, (taken) =>
        taken.job.attemptsMade === 0 && taken.job.id === a ? failed(taken, 0) : completed(),
      );
      await bench.untilState(queue, a, 'completed');
      expect(runs).toEqual([a, b, a]);
    },
  ],
  [
    'keeps the newest failures and one stack, and bounds their texts together',
    async (bench) => {
      const queue = bench.open();
      let tries = 0;
      await bench.work(queue, (taken) => {
        tries += 1;
        return failed(taken, tries < 23 ? 0 : null, `${tries} ${'x'.repeat(5_000)}`);
      });
      const id = await bench.add(queue);
      await bench.untilState(queue, id, 'failed');
      const job = await queue.getJob(id);
      const failures = (job && recordOf(job).failures) ?? [];
      expect(failures.map(({ attempt }) => attempt)).toEqual([18, 19, 20, 21, 22, 23]);
      expect(JSON.stringify(failures).length).toBeLessThan(1_000);
      expect(job?.failedReason).toMatch(/^23 x{300}/);
      expect(job?.stacktrace).toHaveLength(1);
      expect(`${job?.failedReason}${job?.stacktrace[0]}`.length).toBeLessThan(900);
    },
  ],
  [
    'defers a job without spending an attempt',
    async (bench) => {
      const queue = bench.open();
      const at: number[] = [];
      await bench.work(queue, ({ job }) => {
        at.push(Date.now());
        if (at.length === 1) return { kind: 'deferred', delayMs: 50, reason: 'later' };
        return completed(job.attemptsMade);
      });
      const id = await bench.add(queue);
      await bench.untilState(queue, id, 'completed');
      expect((at[1] as number) - (at[0] as number)).toBeGreaterThanOrEqual(49);
      const job = await queue.getJob(id);
      expect([job?.attemptsMade, job?.returnvalue, job && recordOf(job).failures]).toEqual([0, 0, undefined]);
    },
  ],
  [
    'puts a job that is handed back in front of its lane, and spends no attempt',
    async (bench) => {
      const queue = bench.open();
      const ids: string[] = [];
      for (const priority of [2, 2, 1]) ids.push(await bench.add(queue, { options: { priority } }));
      let handed = false;
      const { runs } = await bench.work(queue, ({ job }) => {
        if (job.id !== ids[0] || handed) return completed(job.attemptsMade);
        handed = true;
        return { kind: 'handed-back' };
      });
      await waitUntil(() => runs.length === 4, 'four runs');
      expect(runs).toEqual([ids[2], ids[0], ids[0], ids[1]]);
      await bench.untilState(queue, ids[1] as string, 'completed');
      expect((await queue.getJob(ids[0] as string))?.returnvalue).toBe(0);
    },
  ],
  [
    'shows what is active, and says when nothing is',
    async (bench) => {
      const queue = bench.open();
      let end: () => void = () => undefined;
      const { worker } = await bench.work(queue, async () => {
        await new Promise<void>((resolve) => (end = resolve));
        return completed();
      });
      const id = await bench.add(queue);
      await waitUntil(() => worker.active.size === 1, 'an active run');
      expect(worker.active.get(id)?.job.name).toBe('job');
      let idle = false;
      const waiting = worker.whenIdle().then(() => (idle = true));
      await bench.anotherRuns();
      expect(idle).toBe(false);
      end();
      await waiting;
      expect(worker.active.size).toBe(0);
      await worker.whenIdle();
    },
  ],
  [
    'starts nothing after stopFetching()',
    async (bench) => {
      const queue = bench.open();
      let end: () => void = () => undefined;
      const { runs, worker } = await bench.work(queue, async () => {
        await new Promise<void>((resolve) => (end = resolve));
        return completed();
      });
      await bench.add(queue);
      await waitUntil(() => runs.length === 1, 'the first run');
      await worker.stopFetching();
      const second = await bench.add(queue);
      end();
      await worker.whenIdle();
      await bench.anotherRuns();
      expect(runs).toHaveLength(1);
      expect(await (await queue.getJob(second))?.getState()).toBe('waiting');
    },
  ],
  [
    'aborts active runs with the reason it is given',
    async (bench) => {
      const queue = bench.open();
      const reasons: string[] = [];
      const { worker } = await bench.work(queue, async (taken) => {
        reasons.push((await aborted(taken)).code);
        return { kind: 'handed-back' };
      });
      const id = await bench.add(queue);
      await waitUntil(() => worker.active.size === 1, 'an active run');
      await worker.stopFetching();
      worker.abortActive(new ShutdownError('stop'));
      await worker.whenIdle();
      await bench.untilState(queue, id, 'waiting');
      expect(reasons).toEqual(['SHUTDOWN']);
    },
  ],
  [
    'runs nothing while the queue is paused, and goes on when it is resumed',
    async (bench) => {
      const queue = bench.open();
      await queue.pause();
      const { runs } = await bench.work(queue);
      const id = await bench.add(queue);
      await bench.anotherRuns();
      expect([runs, (await bench.broker.snapshot(queue)).isPaused]).toEqual([[], true]);
      await queue.resume();
      await bench.untilState(queue, id, 'completed');
    },
  ],
  [
    'adds the next run of a schedule when one starts',
    async (bench) => {
      const queue = bench.open();
      const { runs } = await bench.work(queue);
      await bench.add(queue, { options: { repeat: { every: 1_000, limit: 2 } } });
      await waitUntil(() => runs.length === 2, 'two runs');
      expect(new Set(runs).size).toBe(2);
    },
  ],
];

function later(): Settlement {
  return { kind: 'deferred', delayMs: 60_000, reason: 'later' };
}
