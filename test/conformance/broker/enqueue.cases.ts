import Bull from 'bull';
import type { JobOptions } from 'bull';
import { writtenPayload } from '../../../src/message-queue/admission/payloads/json-payload.js';
import type { AddRequest } from '../../../src/message-queue/broker/broker.js';
import { recordOf } from '../../../src/message-queue/jobs/managed-job.js';
import { QUEUE_DEFAULTS } from '../../../src/message-queue/jobs/queue-settings.js';
import { once } from '../../support/add-requests.js';
import { waitUntil } from '../../support/wait-until.js';
import type { BrokerCase } from './broker-bench.js';
import { BrokerBench, rejectionOf } from './broker-bench.js';
import { clockPasses } from '../../support/clock-passes.js';

/** The queue that hosts get, and adding to it. */
export const enqueueCases: readonly BrokerCase[] = [
  [
    'creates a queue that is a Bull queue',
    async (bench) => {
      const queue = bench.open();
      expect(queue).toBeInstanceOf(Bull);
      expect(queue.name).toBe('work-1');
    },
  ],
  [
    'refuses options and bulk lists that are none, with one error that names what is wrong',
    async (bench) => {
      const queue = bench.open();
      const add = (options: unknown): Promise<unknown> => queue.add('job', {}, options as JobOptions);
      for (const options of ['text', [], 5]) {
        expect(await rejectionOf(add(options))).toMatchObject({ code: 'INVALID_JOB_OPTIONS' });
      }
      const addBulk = (jobs: unknown): Promise<unknown> => queue.addBulk(jobs as { data: unknown }[]);
      for (const [jobs, path] of [
        [undefined, 'jobs'],
        [{}, 'jobs'],
        [[{ data: {} }, null, 'text'], 'jobs[1], jobs[2]'],
      ]) {
        const error = (await rejectionOf(addBulk(jobs))) as { issues?: { path: string }[] };
        expect(error).toMatchObject({ code: 'INVALID_PAYLOAD' });
        expect(error.issues?.map((issue) => issue.path).join(', ')).toBe(path);
      }
      expect(await queue.count()).toBe(0);
    },
  ],
  [
    'gives added jobs generated ids, the queue’s attempts, and keeps their dead letters',
    async (bench) => {
      const queue = bench.open({ attempts: 4 });
      const job = await queue.add('job', { a: 1 }, { removeOnFail: true });
      expect(job.id).toMatch(/^m_[\w-]{16}$/);
      const stored = await queue.getJob(job.id);
      expect(stored?.opts).toMatchObject({ attempts: 4, removeOnFail: false, jobId: job.id });
      expect(stored?.opts.backoff).toMatchObject({ type: 'mq', delay: 50 });
      expect(stored?.data).toEqual({ a: 1 });
    },
  ],
  [
    'shows the complete options of a job, wherever it is read',
    async (bench) => {
      const queue = bench.open({ attempts: 4 });
      const { id } = await bench.broker.addOnce(queue, { name: 'job', data: {}, options: { priority: 6 } });
      const complete = {
        jobId: id,
        attempts: 4,
        backoff: { type: 'mq', delay: 50, options: { type: 'fixed', delayMs: 50 } },
        delay: 0,
        priority: 6,
        timestamp: expect.any(Number) as number,
        removeOnComplete: QUEUE_DEFAULTS.retention.completedCount,
        removeOnFail: false,
        stackTraceLimit: 1,
        mq: { defaultAttempts: true },
      };
      expect((await queue.getJob(id))?.opts).toEqual(complete);
      expect((await queue.getJobs(['waiting'])).map(({ opts }) => opts)).toEqual([complete]);
      await bench.broker.cancel(queue, id, 'no longer needed');
      const [letter] = await bench.broker.readFailed(queue, {
        order: 'oldest',
        start: 0,
        size: 1,
        payloads: false,
      });
      expect(letter?.opts).toEqual({ ...complete, mq: expect.objectContaining(complete.mq) as object });
    },
  ],
  [
    'refuses options that Bull mishandles, and stores nothing',
    async (bench) => {
      const queue = bench.open();
      const bad: JobOptions[] = [
        { priority: 'abc' as never },
        { delay: Number.NaN },
        { delay: Infinity },
        { attempts: 0 },
        { jobId: 'active' },
        { jobId: 12 },
        { backoff: { type: 'nobody-knows' } },
        { removeOnComplete: null as never },
        { repeat: { every: -5 } },
        { timeout: 5 },
      ];
      for (const options of bad) {
        expect(await rejectionOf(queue.add('job', {}, options))).toMatchObject({
          code: 'INVALID_JOB_OPTIONS',
        });
      }
      expect(await queue.count()).toBe(0);
    },
  ],
  [
    'refuses payloads that JSON loses, and too large ones',
    async (bench) => {
      const queue = bench.open({ maxPayloadBytes: 100 });
      for (const payload of [
        { m: new Map() },
        { n: Number.NaN },
        { f: () => 1 },
        { t: 'x'.repeat(200) },
        [1],
        'x',
      ]) {
        expect(await rejectionOf(queue.add('job', payload))).toMatchObject({ code: 'INVALID_PAYLOAD' });
      }
      expect(await queue.count()).toBe(0);
    },
  ],
  [
    'checks every job of addBulk before it adds the first',
    async (bench) => {
      const queue = bench.open();
      const bulk = [
        { name: 'job', data: {} },
        { name: 'job', data: {}, opts: { attempts: -1 } },
      ];
      expect(await rejectionOf(queue.addBulk(bulk))).toMatchObject({ code: 'INVALID_JOB_OPTIONS' });
      expect(await queue.count()).toBe(0);
      const jobs = await queue.addBulk([
        { name: 'job', data: { n: 1 } },
        { name: 'job', data: { n: 2 } },
      ]);
      expect((await queue.getWaiting()).map((job) => job.id)).toEqual(jobs.map((job) => job.id));
    },
  ],
  [
    'adds a job once',
    async (bench) => {
      const queue = bench.open();
      const request = { name: 'job', data: { n: 1 }, options: { jobId: 'mine' } };
      expect(await bench.broker.addOnce(queue, request)).toEqual({ id: 'mine', deduplicated: false });
      expect(await bench.broker.addOnce(queue, request)).toEqual({ id: 'mine', deduplicated: true });
      expect(await queue.getWaitingCount()).toBe(1);
    },
  ],
  [
    'says that a repeated add with the same jobId and key is one',
    async (bench) => {
      const queue = bench.open();
      const request = { name: 'job', data: {}, options: { jobId: 'mine' }, ...once('k', 'f') };
      expect(await bench.broker.addOnce(queue, request)).toEqual({ id: 'mine', deduplicated: false });
      expect(await bench.broker.addOnce(queue, request)).toEqual({ id: 'mine', deduplicated: true });
    },
  ],
  [
    'looks at the key of a job that asks for nothing else, and whose payload is written already',
    async (bench) => {
      const queue = bench.open();
      const request = { name: 'job', data: writtenPayload({ n: 1 }), options: {}, ...once('k', 'f') };
      const { id } = await bench.broker.addOnce(queue, request);
      expect(await bench.broker.addOnce(queue, request)).toEqual({ id, deduplicated: true });
      expect(await queue.getWaitingCount()).toBe(1);
    },
  ],
  [
    'answers the same key and payload with the first job, also after it completed and was removed',
    async (bench) => {
      const queue = bench.open();
      const options = { removeOnComplete: true };
      const first = await bench.broker.addOnce(queue, { name: 'job', data: {}, options, ...once('k', 'f') });
      expect(first.deduplicated).toBe(false);
      await bench.work(queue);
      await waitUntil(async () => (await queue.getJob(first.id)) === null, 'the job to be gone');
      const again = await bench.broker.addOnce(queue, { name: 'job', data: {}, options, ...once('k', 'f') });
      expect(again).toEqual({ id: first.id, deduplicated: true });
    },
  ],
  [
    'knows a key by the first of its names that is known, and remembers a new one by the first of all',
    async (bench) => {
      const queue = bench.open();
      const named = (fingerprint: string, ...names: string[]): Partial<AddRequest> =>
        once('k', fingerprint, 60_000, names);
      const [a, b] = [await bench.add(queue, named('f', 'a')), await bench.add(queue, named('g', 'b'))];
      expect(await bench.add(queue, named('f', 'x', 'a', 'b'))).toBe(a);
      expect(await bench.add(queue, named('g', 'x', 'b', 'a'))).toBe(b);
      expect(await rejectionOf(bench.add(queue, named('g', 'x', 'a', 'b')))).toMatchObject({
        code: 'IDEMPOTENCY_CONFLICT',
        jobId: a,
      });
      const c = await bench.add(queue, named('h', 'c', 'y'));
      expect(await bench.add(queue, named('h', 'c'))).toBe(c);
      expect(await bench.add(queue, named('h', 'y'))).not.toBe(c);
      const [d, again] = await bench.broker.addMany(queue, [
        { name: 'job', data: {}, options: {}, ...named('f', 'd') },
        { name: 'job', data: {}, options: {}, ...named('f', 'e', 'd') },
      ]);
      expect(again).toMatchObject({ outcome: 'deduplicated', id: d && 'id' in d ? d.id : '' });
    },
  ],
  [
    'forgets a key after its time',
    async (bench) => {
      const queue = bench.open();
      const id = await bench.add(queue, once('k', 'f', 40));
      await clockPasses(40);
      expect(await bench.add(queue, once('k', 'other'))).not.toBe(id);
    },
  ],
  [
    'keeps keys of two queues apart, and keys that were refused free',
    async (bench) => {
      const [a, b] = [bench.open(), bench.open({ maxWaiting: 1 })];
      expect(await bench.add(a, once('k', 'f'))).not.toBe(await bench.add(b, once('k', 'g')));
      expect(await rejectionOf(bench.add(b, once('free', 'x')))).toMatchObject({ code: 'QUEUE_FULL' });
      await b.empty();
      await bench.add(b, once('free', 'y'));
    },
  ],
  [
    'refuses adds when maxWaiting jobs wait, delayed and paused ones counted',
    async (bench) => {
      const queue = bench.open({ maxWaiting: 3 });
      await bench.add(queue);
      await bench.add(queue, { options: { delay: 60_000 } });
      await queue.pause();
      await bench.add(queue);
      const error = await rejectionOf(bench.add(queue));
      expect(error).toMatchObject({ code: 'QUEUE_FULL', depth: 3, limit: 3, queue: 'work-1' });
      expect((error as unknown as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(0);
      expect(await rejectionOf(queue.add('job', {}))).toMatchObject({ code: 'QUEUE_FULL' });
      await queue.resume();
      await bench.work(queue);
      await waitUntil(async () => (await queue.getWaitingCount()) === 0, 'room');
      await bench.add(queue);
    },
  ],
  [
    'adds many, with an outcome each, in order',
    async (bench) => {
      const queue = bench.open();
      const add = (over: Partial<AddRequest>): AddRequest => ({
        name: 'job',
        data: {},
        options: {},
        ...over,
      });
      const outcomes = await bench.broker.addMany(queue, [
        add({ options: { jobId: 'a' } }),
        add({ options: { jobId: 'b' }, ...once('k', 'f') }),
        add({ options: { delay: -1 } }),
        add({ options: { jobId: 'a' } }),
        add({ options: { jobId: 'c' }, ...once('k', 'f') }),
        add({ options: { jobId: 'd' }, ...once('k', 'other') }),
        add({ options: { jobId: 'e' } }),
      ]);
      expect(
        outcomes.map((one) =>
          'id' in one ? `${one.outcome} ${one.id}` : `${one.outcome} ${one.error.code}`,
        ),
      ).toEqual([
        'added a',
        'added b',
        'rejected INVALID_JOB_OPTIONS',
        'deduplicated a',
        'deduplicated b',
        'rejected IDEMPOTENCY_CONFLICT',
        'added e',
      ]);
      expect((await queue.getWaiting()).map((job) => job.id)).toEqual(['a', 'b', 'e']);
    },
  ],
  [
    'adds what fits of many',
    async (bench) => {
      const queue = bench.open({ maxWaiting: 2 });
      const requests = Array.from({ length: 4 }, (_, n) => ({ name: 'job', data: { n }, options: {} }));
      const outcomes = await bench.broker.addMany(queue, requests);
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['added', 'added', 'rejected', 'rejected']);
    },
  ],
  [
    'keeps the order of calls that were not waited for',
    async (bench) => {
      const queue = bench.open({ maxWaiting: 2_000 });
      const part = (from: number) =>
        Array.from({ length: 300 }, (_, n) => ({ name: 'job', data: { n: from + n }, options: {} }));
      await Promise.all([0, 300, 600].map((from) => bench.broker.addMany(queue, part(from))));
      const waiting = await queue.getWaiting(0, -1);
      expect(waiting.map(({ data }) => (data as { n: number }).n)).toEqual([...Array(900).keys()]);
    },
  ],
  [
    'adds a schedule: one pending run, without a generated id',
    async (bench) => {
      const queue = bench.open();
      const options = { repeat: { cron: '0 2 * * *' } };
      const outcome = await bench.broker.addOnce(queue, { name: 'job', data: {}, options });
      expect(outcome.id).toMatch(/^repeat:/);
      await bench.broker.addOnce(queue, { name: 'job', data: {}, options });
      expect([await queue.getRepeatableCount(), await queue.getDelayedCount()]).toEqual([1, 1]);
    },
  ],
  [
    'keeps our record in the options',
    async (bench) => {
      const queue = bench.open();
      const mq = { correlationId: 'c-1', metadata: { tenant: 't', n: 1 }, timeoutMs: 900 };
      const id = await bench.add(queue, { options: { mq } });
      const job = await queue.getJob(id);
      expect(job && recordOf(job)).toMatchObject(mq);
    },
  ],
  [
    'refuses queues of others and adds after close()',
    async (bench) => {
      const stranger = new BrokerBench(bench.provider);
      const foreign = stranger.open();
      expect(await rejectionOf((async () => bench.add(foreign))())).toMatchObject({ code: 'UNKNOWN_QUEUE' });
      await stranger.close();
      const queue = bench.open();
      const shut = bench.open();
      await shut.close();
      expect(await rejectionOf(bench.add(shut))).toMatchObject({ code: 'BROKER_UNAVAILABLE' });
      await bench.broker.close();
      await bench.broker.close();
      for (const add of [
        () => bench.add(queue),
        () => queue.add('job', {}),
        () => queue.addBulk([{ name: 'job', data: {} }]),
      ]) {
        const error = await rejectionOf(add());
        expect([error.code, error.message]).toEqual(['BROKER_UNAVAILABLE', expect.stringMatching(/closed/)]);
      }
    },
  ],
  [
    'remembers so many idempotency keys, forgets those that would expire next, and counts them',
    async (bench) => {
      const queue = bench.open({ maxIdempotencyKeys: 3 });
      const first = await bench.add(queue, once('long', 'f', 60_000));
      for (const [n, key] of ['a', 'b', 'c', 'd'].entries()) {
        await bench.add(queue, once(key, 'f', 31_000 + 1_000 * n));
      }
      expect(await bench.add(queue, once('long', 'f', 60_000))).toBe(first);
      const before = await bench.broker.snapshot(queue);
      expect(before).toMatchObject({
        waiting: 5,
        keysForgotten: 2,
        keysForgottenAt: expect.any(Number) as number,
      });
      await bench.add(queue, once('c', 'f', 33_000));
      await bench.add(queue, once('d', 'f', 34_000));
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 5, keysForgotten: 2 });
      await bench.add(queue, once('a', 'f', 31_000));
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 6, keysForgotten: 3 });
    },
  ],
  [
    'does not count idempotency keys whose time is over, or whose jobs were purged',
    async (bench) => {
      const queue = bench.open({ maxIdempotencyKeys: 3 });
      for (const key of ['a', 'b', 'c']) await bench.add(queue, once(key, 'f', 1));
      await clockPasses(5);
      for (const key of ['d', 'e', 'f']) await bench.add(queue, once(key, 'f', 60_000));
      await bench.broker.purge(queue);
      for (const key of ['d', 'e', 'f']) await bench.add(queue, once(key, 'f', 60_000));
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 3, keysForgotten: 0 });
    },
  ],
];
