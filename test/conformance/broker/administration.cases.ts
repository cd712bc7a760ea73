import { NO_FLOW } from '../../../src/message-queue/broker/groups-of-queue.js';
import { JOB_ENDED } from '../../../src/message-queue/broker/rules/events/local-events.js';
import { recordOf } from '../../../src/message-queue/jobs/managed-job.js';
import { once } from '../../support/add-requests.js';
import { waitUntil } from '../../support/wait-until.js';
import type { Settlement } from '../../../src/message-queue/jobs/settlement.js';
import type { BrokerCase } from './broker-bench.js';
import { aborted, completed, failed } from './broker-bench.js';

/** Cancel, purge, snapshot, inspection. */
export const administrationCases: readonly BrokerCase[] = [
  [
    'tells the end of a waiting job that it cancels, once, with what is stored of it, and of no other',
    async (bench) => {
      const queue = bench.open();
      const ends: unknown[] = [];
      queue.on(JOB_ENDED as never, (end: unknown) => void ends.push(end));
      const id = await bench.add(queue, { data: { n: 7 }, options: { mq: { correlationId: 'c-1' } } });
      expect(await bench.broker.cancel(queue, id, 'no need')).toBe('removed');
      expect(await bench.broker.cancel(queue, id, 'again')).toBe('finished');
      expect(await bench.broker.cancel(queue, 'unknown', 'why')).toBe('not-found');
      await bench.broker.discard(queue, [{ id }]);
      expect(ends).toEqual([
        {
          ...{ queue: queue.name, job: 'job', jobId: id, attempt: 1, correlationId: 'c-1' },
          ...{ payload: { n: 7 }, outcome: 'cancelled', reason: 'no need' },
        },
      ]);
    },
  ],
  [
    'tells the end of a job whose last run rejected, once it is stored',
    async (bench) => {
      const queue = bench.open();
      const ends: unknown[] = [];
      queue.on(JOB_ENDED as never, (end: unknown) => void ends.push(end));
      await bench.broker.work(queue, 1, () => Promise.reject(new TypeError('broken')));
      const id = await bench.add(queue, { options: { attempts: 2 } });
      await bench.untilState(queue, id, 'failed');
      await waitUntil(() => ends.length > 0, 'the end');
      expect(ends).toMatchObject([
        { jobId: id, attempt: 2, outcome: 'dead-letter', failure: { kind: 'error', message: 'broken' } },
      ]);
    },
  ],
  [
    'cancels a waiting and a delayed job: they end failed and say so',
    async (bench) => {
      const queue = bench.open();
      const sent: unknown[] = [];
      queue.on('global:failed', (id: string, reason: string) => sent.push([id, reason]));
      await (queue as unknown as { _registerEvent(event: string): Promise<void> })._registerEvent(
        'global:failed',
      );
      const waiting = await bench.add(queue);
      const delayed = await bench.add(queue, { options: { delay: 60_000, priority: 2 } });
      for (const id of [waiting, delayed]) {
        expect(await bench.broker.cancel(queue, id, 'not wanted')).toBe('removed');
        const job = await queue.getJob(id);
        expect([await job?.getState(), job?.failedReason]).toEqual([
          'failed',
          'The job was cancelled: not wanted',
        ]);
        const record = job && recordOf(job);
        expect(record?.cancelled).toMatchObject({ reason: 'not wanted' });
        expect(record?.failures).toMatchObject([{ kind: 'cancelled', error: 'JOB_CANCELLED', attempt: 1 }]);
      }
      await waitUntil(() => sent.length === 2, 'the events');
      expect(sent[0]).toEqual([waiting, 'The job was cancelled: not wanted']);
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 0, delayed: 0, failed: 2 });
    },
  ],
  [
    'aborts an active job with the reason, and remembers who asked',
    async (bench) => {
      const queue = bench.open();
      const { worker } = await bench.work(queue, async (taken) => {
        const reason = await aborted(taken);
        return { ...failed(taken, null, reason.message, 'cancelled'), error: reason } as Settlement;
      });
      const id = await bench.add(queue);
      await waitUntil(() => worker.active.size === 1, 'an active run');
      expect(await bench.broker.cancel(queue, id, 'stop it')).toBe('signalled');
      await bench.untilState(queue, id, 'failed');
      const job = await queue.getJob(id);
      expect(job?.failedReason).toBe('The job was cancelled: stop it');
      expect(job && recordOf(job).cancelled).toMatchObject({ reason: 'stop it' });
    },
  ],
  [
    'gives the signal a CancelledError that names queue and job',
    async (bench) => {
      const queue = bench.open();
      let reason: unknown;
      await bench.work(queue, async (taken) => {
        reason = await aborted(taken);
        return completed();
      });
      const id = await bench.add(queue);
      await waitUntil(async () => (await queue.getActiveCount()) === 1, 'an active run');
      await bench.broker.cancel(queue, id, 'r');
      await waitUntil(() => reason, 'the abort');
      expect(reason).toMatchObject({ code: 'JOB_CANCELLED', queue: queue.name, jobId: id });
    },
  ],
  [
    'aborts the next run of a job that was handed back after it was cancelled',
    async (bench) => {
      const queue = bench.open();
      const runs: boolean[] = [];
      await bench.work(queue, async (taken) => {
        if (runs.length === 0) await aborted(taken);
        runs.push(taken.abortReason !== undefined);
        return runs.length === 1 ? { kind: 'handed-back' } : failed(taken, null, 'c', 'cancelled');
      });
      const id = await bench.add(queue);
      await waitUntil(async () => (await queue.getActiveCount()) === 1, 'an active run');
      await bench.broker.cancel(queue, id, 'r');
      await bench.untilState(queue, id, 'failed');
      expect(runs).toEqual([true, true]);
    },
  ],
  [
    'has nothing to cancel when the job is finished or not there',
    async (bench) => {
      const queue = bench.open();
      await bench.work(queue, (taken) => (taken.job.name === 'job' ? completed() : failed(taken)));
      const [good, bad] = [await bench.add(queue), await bench.add(queue, { name: 'other' })];
      await bench.untilState(queue, good, 'completed');
      await bench.untilState(queue, bad, 'failed');
      const outcomes = [];
      for (const id of [good, bad, 'nobody']) outcomes.push(await bench.broker.cancel(queue, id, 'r'));
      expect(outcomes).toEqual(['finished', 'finished', 'not-found']);
    },
  ],
  [
    'purges what waits, is paused or delayed, and leaves the rest and the pause',
    async (bench) => {
      const queue = bench.open();
      const dead = await bench.add(queue);
      await bench.broker.cancel(queue, dead, 'r');
      const first = await bench.add(queue, once('k'));
      const delayed = { options: { delay: 60_000, jobId: 'later' } };
      await bench.add(queue, delayed);
      await bench.add(queue, { options: { priority: 2 } });
      await queue.pause();
      expect(await bench.broker.purge(queue)).toBe(3);
      expect(await bench.broker.snapshot(queue)).toMatchObject({
        ...{ waiting: 0, paused: 0, delayed: 0, failed: 1, isPaused: true },
      });
      expect(await bench.broker.purge(queue)).toBe(0);
      for (const id of [first, 'later']) expect(await queue.getJob(id)).toBeNull();
      expect(await bench.broker.addOnce(queue, { name: 'job', data: {}, ...delayed })).toEqual({
        id: 'later',
        deduplicated: false,
      });
      expect(await bench.add(queue, once('k'))).not.toBe(first);
    },
  ],
  [
    'purges more than one step holds',
    async (bench) => {
      const queue = bench.open();
      const requests = Array.from({ length: 2_001 }, (_, n) => ({ name: 'job', data: { n }, options: {} }));
      await bench.addAll(queue, requests);
      expect(await bench.broker.purge(queue)).toBe(2_001);
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 0 });
    },
  ],
  [
    'takes a snapshot of counts, pause and the oldest waiting job',
    async (bench) => {
      const queue = bench.open();
      expect(await bench.broker.snapshot(queue)).toEqual({
        waiting: 0,
        active: 0,
        delayed: 0,
        completed: 0,
        failed: 0,
        paused: 0,
        isPaused: false,
        unknown: 0,
        failedDropped: 0,
        failedDroppedAt: null,
        keysForgotten: 0,
        keysForgottenAt: null,
        wrongKeys: [],
        expired: 0,
        flow: NO_FLOW,
        oldestWaitingAt: null,
      });
      const timestamp = Date.now() - 5_000;
      await bench.add(queue, { options: { timestamp } });
      await bench.add(queue);
      await bench.add(queue, { options: { delay: 60_000 } });
      expect(await bench.broker.snapshot(queue)).toMatchObject({
        waiting: 2,
        delayed: 1,
        oldestWaitingAt: timestamp,
      });
      await queue.pause();
      expect(await bench.broker.snapshot(queue)).toMatchObject({
        waiting: 0,
        paused: 2,
        isPaused: true,
        oldestWaitingAt: timestamp,
      });
    },
  ],
  [
    'tells from when the oldest job could run: a delay and the time until a retry are no waits',
    async (bench) => {
      const queue = bench.open();
      const begun = Date.now();
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => (release = resolve));
      await bench.work(queue, async (taken) => {
        if (taken.job.data.isBlocker !== true) return failed(taken, 30);
        await released;
        return completed();
      });
      const retried = await bench.add(queue, { options: { timestamp: begun - 3_600_000 } });
      await bench.untilState(queue, retried, 'delayed');
      await bench.add(queue, { data: { isBlocker: true } });
      await bench.untilState(queue, retried, 'waiting');
      const { oldestWaitingAt } = await bench.broker.snapshot(queue);
      // Both clocks are read to the millisecond.
      expect(oldestWaitingAt).toBeGreaterThanOrEqual(begun + 29);
      await (await queue.getJob(retried))?.remove();
      const timestamp = begun - 3_600_000;
      const delayed = await bench.add(queue, { options: { timestamp, delay: Date.now() + 50 - timestamp } });
      await bench.untilState(queue, delayed, 'waiting');
      const late = (await bench.broker.snapshot(queue)).oldestWaitingAt;
      expect(late).toBe(timestamp + ((await queue.getJob(delayed))?.opts.delay ?? 0));
      release();
    },
  ],
  [
    'inspects its server',
    async (bench) => {
      const report = await bench.broker.inspectServer();
      expect(report).toMatchObject({ provider: bench.provider.name, reachable: true });
      expect(Array.isArray(report.findings)).toBe(true);
      expect(Math.abs(report.clockSkewMs ?? 0)).toBeLessThan(60_000);
    },
  ],
  [
    'closes with jobs left behind, and twice',
    async (bench) => {
      const queue = bench.open();
      await bench.add(queue);
      await bench.broker.close();
      await bench.broker.close();
    },
  ],
];
