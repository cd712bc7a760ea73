import type { JobOptions } from 'bull';
import type { FlowPolicy } from '../../../src/message-queue/jobs/flow/flow-policy.js';
import type { ManagedJobOptions, ManagedJobRecord } from '../../../src/message-queue/jobs/managed-job.js';
import { CLOCK_STEPS, setClock } from '../../support/set-clock.js';
import { waitUntil } from '../../support/wait-until.js';
import { rejectionOf } from './broker-bench.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';

interface Chat {
  readonly chat?: string;
}

const FLOW: FlowPolicy = { key: { of: ({ chat }: Chat) => chat }, tenant: {} };
const NO_RECORD: ManagedJobRecord = {};
/** Longer than a busy machine takes to get from one line of a case to the next. */
const SOON_MS = 1_500;
const HOUR_MS = 3_600_000;

const withRecord = (mq: ManagedJobRecord): JobOptions => ({ mq }) as JobOptions;

function recordOf(job: { readonly opts: JobOptions }): ManagedJobRecord {
  const { defaultAttempts: _own, ...record } = (job.opts as ManagedJobOptions).mq ?? NO_RECORD;
  return record;
}

/** Runs a job that is due at a time, and says when it began, by the broker's clock. */
async function runAt(bench: BrokerBench, dueAt: number, set = (): void => undefined): Promise<number> {
  const queue = bench.open();
  let begunAt = 0;
  await bench.work(queue, () => {
    begunAt = bench.broker.now();
    return { kind: 'deferred', delayMs: HOUR_MS, reason: 'It was seen.' };
  });
  set();
  await bench.add(queue, { dueAt });
  await waitUntil(() => begunAt > 0, 'its run');
  return begunAt;
}

/** What a job that is added says of its groups and of its time, whichever way it comes in. */
export const flowOptionCases: readonly BrokerCase[] = [
  [
    'the groups of a job are those of its record, or what the payload tells',
    async (bench) => {
      const queue = bench.open({ flow: FLOW });
      const mq = { key: 'mine', tenant: 'acme', expiresInMs: HOUR_MS };
      const added = [
        await queue.add('job', { chat: 'c-1' }),
        await queue.add('job', { chat: 'c-1' }, withRecord(mq)),
        await queue.add('job', {}),
        ...(await queue.addBulk([
          { name: 'job', data: { chat: 'c-2' } },
          { name: 'other', data: { chat: 'c-3' }, opts: withRecord({ tenant: 'acme' }) },
        ])),
      ];
      const records = [{ key: 'c-1' }, mq, {}, { key: 'c-2' }, { key: 'c-3', tenant: 'acme' }];
      expect(added.map(recordOf)).toEqual(records);
      const stored = await Promise.all(added.map(({ id }) => queue.getJob(id)));
      expect(stored.map((job) => job && recordOf(job))).toEqual(records);
    },
  ],
  [
    'each run of a schedule has the groups that it was added with',
    async (bench) => {
      const queue = bench.open({ flow: FLOW, minRepeatMs: 50 });
      const seen: ManagedJobRecord[] = [];
      await bench.work(queue, ({ job }) => {
        seen.push(recordOf(job));
        return { kind: 'deferred', delayMs: HOUR_MS, reason: 'It was seen.' };
      });
      const mq = { tenant: 'acme', expiresInMs: HOUR_MS };
      const options = { ...withRecord(mq), repeat: { every: 50 } };
      const { schedule } = await bench.broker.addOnce(queue, { name: 'job', data: { chat: 'c-1' }, options });
      expect(schedule).toBe('created');
      await waitUntil(() => seen.length > 0, 'a run');
      expect(seen[0]).toEqual({ ...mq, key: 'c-1' });
    },
  ],
  [
    'groups are refused that a queue has no gate for, and ids that are none, in every call',
    async (bench) => {
      const open = bench.open({ flow: FLOW });
      const plain = bench.open();
      const given = withRecord({ key: 'a\nb', expiresInMs: 0 });
      const refused: [Promise<unknown>, string[]][] = [
        [plain.add('job', {}, withRecord({ key: 'k', tenant: 't' })), ['mq.key', 'mq.tenant']],
        [plain.addBulk([{ name: 'job', data: {}, opts: withRecord({ key: 'k' }) }]), ['mq.key']],
        [bench.add(plain, { options: withRecord({ tenant: 't' }) }), ['mq.tenant']],
        [open.add('job', {}, given), ['mq.key', 'mq.expiresInMs']],
        [open.add('job', { chat: '' }), ['key']],
        [open.add('job', { chat: 'c-1' }, { lifo: true }), ['lifo']],
      ];
      for (const [call, paths] of refused) {
        const error = (await rejectionOf(call)) as unknown as { code: string; issues: { path: string }[] };
        expect([error.code, error.issues.map(({ path }) => path)]).toEqual(['INVALID_JOB_OPTIONS', paths]);
      }
      expect([await open.count(), await plain.count()]).toEqual([0, 0]);
    },
  ],
  [
    'a bulk add with one payload that tells no id adds nothing',
    async (bench) => {
      const queue = bench.open({ flow: FLOW });
      const jobs = [{ chat: 'c-1' }, { chat: ' ' }].map((data) => ({ name: 'job', data }));
      expect(await rejectionOf(queue.addBulk(jobs))).toMatchObject({ code: 'INVALID_JOB_OPTIONS' });
      expect(await queue.count()).toBe(0);
    },
  ],
  [
    'one tenant may not fill a queue: its adds are refused, those of others are not',
    async (bench) => {
      const queue = bench.open({ flow: { tenant: { maxWaiting: 2 } }, maxWaiting: 10 });
      const half = bench.open({ flow: { tenant: {} }, maxWaiting: 3 });
      const of = (tenant: string, options: ManagedJobOptions = {}) => ({
        options: { ...options, mq: { tenant } },
      });
      await bench.add(queue, of('acme'));
      await bench.add(queue, of('acme', { delay: HOUR_MS }));
      for (const critical of [false, true]) {
        const crowded = await rejectionOf(bench.add(queue, { ...of('acme'), critical }));
        expect(crowded).toMatchObject({
          code: 'QUEUE_FULL',
          scope: 'tenant',
          tenant: 'acme',
          retryAfterMs: 1_000,
        });
        expect(crowded).toMatchObject({ depth: 2, limit: 2 });
        expect(crowded.message).toBe(
          'A tenant of queue "work-1" is full: 2 jobs are waiting and its limit (flow.tenant.maxWaiting) is 2, so job "job" ' +
            'was not added. Try again in 1000 ms, or raise flow.tenant.maxWaiting.',
        );
      }
      await bench.add(queue, of('other'));
      await bench.add(queue);
      await bench.add(half, of('acme'));
      expect(await rejectionOf(bench.add(half, of('acme')))).toMatchObject({
        scope: 'tenant',
        depth: 1,
        limit: 1,
      });
      for (const tenant of ['a', 'b']) await bench.add(half, of(tenant));
      const full = await rejectionOf(bench.add(half, of('c')));
      expect(full).toMatchObject({ code: 'QUEUE_FULL', scope: 'queue', depth: 3, limit: 3 });
      expect(full).toHaveProperty('tenant', undefined);
    },
  ],
  [
    'a job with a due time is delayed until exactly then',
    async (bench) => {
      const queue = bench.open();
      const dueAt = bench.broker.now() + HOUR_MS;
      const id = await bench.add(queue, { dueAt });
      const job = await queue.getJob(id);
      expect(await job?.getState()).toBe('delayed');
      const { timestamp = 0, opts } = job ?? {};
      expect(timestamp + Number(opts?.delay)).toBe(dueAt);
      const begun = bench.broker.now() + SOON_MS;
      expect(await runAt(bench, begun)).toBeGreaterThanOrEqual(begun);
    },
  ],
  [
    'a due time that has passed is now',
    async (bench) => {
      const queue = bench.open();
      const ids = await bench.addAll(
        queue,
        [0, -HOUR_MS, -bench.broker.now()].map((ago) => ({
          ...{ name: 'job', data: {}, options: {} },
          dueAt: bench.broker.now() + ago,
        })),
      );
      for (const id of ids) expect(await (await queue.getJob(id))?.getState()).toBe('waiting');
      expect((await queue.getJob(ids[1] as string))?.opts.delay).toBe(0);
    },
  ],
  ...CLOCK_STEPS.map(([step, byMs]): BrokerCase => [
    `a due time stays what it is when this machine's clock is set ${step}`,
    async (bench) => {
      let reset = (): void => undefined;
      try {
        const dueAt = bench.broker.now() + SOON_MS;
        const begunAt = await runAt(bench, dueAt, () => (reset = setClock(byMs)));
        expect(begunAt).toBeGreaterThanOrEqual(dueAt);
        expect(begunAt).toBeLessThan(dueAt + HOUR_MS / 2);
      } finally {
        reset();
      }
    },
  ]),
];
