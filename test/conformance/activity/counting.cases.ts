import {
  RECORD_LENGTH,
  RUNS_AT,
  WAITS_AT,
  emptyRecord,
} from '../../../src/message-queue/jobs/activity/activity-record.js';
import type { ActivityMinute, ActivityStore } from '../../../src/message-queue/broker/activity-store.js';
import { START, batch, counted, series } from '../../support/activity-batches.js';
import type { ActivityCase } from './activity-bench.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const HOUR_OF_START = Math.floor(START / HOUR);
const MINUTE_OF_START = Math.floor(START / MINUTE) * MINUTE;

/** Per minute and job: what was added. */
const added = (minutes: readonly ActivityMinute[]): Record<string, number> =>
  Object.fromEntries(
    minutes.map(({ minute, job, record }) => [
      `${job} ${(minute - MINUTE_OF_START) / MINUTE}`,
      counted(record, 'added'),
    ]),
  );

/** Flushes one job that was added. */
const add = (store: ActivityStore, id: string, seq = 1): ReturnType<ActivityStore['flush']> =>
  store.flush(batch(id, seq, { series: [series({ added: 1 })] }));

/** What becomes of the numbers of a batch. */
export const countingCases: readonly ActivityCase[] = [
  [
    'every number of a record comes back as it was, fractions and large ones too',
    async (bench) => {
      const record = emptyRecord();
      for (let i = 0; i < RECORD_LENGTH; i++) record[i] = i % 3 === 0 ? i + 0.25 : i * 2 ** 37;
      record[WAITS_AT] = record[RUNS_AT - 1] = 7;
      const store = bench.store();
      await store.flush(batch('a', 1, { series: [{ queue: 'chat', job: 'send', record }] }));
      const [minute] = (await store.look(['chat'])).minutes;
      expect(minute).toEqual({ queue: 'chat', job: 'send', minute: MINUTE_OF_START, record });
    },
  ],
  [
    'what two processes count of a minute is one sum, and other queues and jobs are apart',
    async (bench) => {
      const [store, other] = [bench.store(), bench.store()];
      await store.flush(
        batch('a', 1, {
          series: [series({ added: 2, runMs: 10.5 }), series({ added: 5 }, { queue: 'mail' })],
        }),
      );
      await other.flush(
        batch('b', 1, {
          series: [series({ added: 3, runMs: 0.25, dead: 1 }), series({ added: 7 }, { job: 'edit' })],
        }),
      );
      await store.flush(batch('a', 2, { series: [series({ added: 4 })] }));
      const { minutes, totals } = await other.look(['chat']);
      expect(added(minutes)).toEqual({ 'send 0': 9, 'edit 0': 7 });
      const send = minutes.find(({ job }) => job === 'send')?.record;
      expect([counted(send, 'runMs'), counted(send, 'dead')]).toEqual([10.75, 1]);
      expect(totals.get('chat')).toEqual({ added: 16, runMs: 10.75, dead: 1 });
      expect(totals.get('mail')).toEqual({ added: 5 });
      expect(added(await other.history('mail', HOUR_OF_START, HOUR_OF_START))).toEqual({ 'send 0': 5 });
    },
  ],
  [
    'a batch that comes again changes nothing, whatever came between, and however late',
    async (bench) => {
      const store = bench.store();
      expect(await add(store, 'a')).toMatchObject({ isNew: true });
      expect(await add(store, 'a')).toMatchObject({ isNew: false });
      await add(store, 'b');
      expect(await add(store, 'a', 2)).toMatchObject({ isNew: true });
      expect(await add(store, 'a', 1)).toMatchObject({ isNew: false });
      await store.leave('a');
      expect(await add(store, 'a', 2)).toMatchObject({ isNew: false });
      const later = bench.store(11 * MINUTE);
      await add(later, 'c');
      const muchLater = bench.store(22 * MINUTE);
      expect(await add(muchLater, 'a', 2)).toMatchObject({ isNew: false });
      expect(await add(muchLater, 'b', 1)).toMatchObject({ isNew: false });
      expect((await muchLater.look([])).totals.get('chat')).toEqual({ added: 4 });
    },
  ],
  [
    'what comes after a minute counts for the next one, over the end of an hour too',
    async (bench) => {
      const minutes = [0, 1, 4, 29, 30, 31, 34];
      for (const minute of minutes) await add(bench.store(minute * MINUTE), `p${minute}`);
      const store = bench.store(34 * MINUTE);
      expect(added((await store.look(['chat'])).minutes)).toEqual({
        ...{ 'send 29': 1, 'send 30': 1, 'send 31': 1, 'send 34': 1 },
      });
      const kept = await store.history('chat', HOUR_OF_START, HOUR_OF_START + 1);
      expect(added(kept)).toEqual(Object.fromEntries(minutes.map((minute) => [`send ${minute}`, 1])));
      expect(kept.map(({ minute }) => minute)).toEqual(minutes.map((i) => MINUTE_OF_START + i * MINUTE));
      expect(added(await store.history('chat', HOUR_OF_START + 1, HOUR_OF_START + 1))).toEqual({
        ...{ 'send 30': 1, 'send 31': 1, 'send 34': 1 },
      });
      expect(await store.history('chat', HOUR_OF_START + 2, HOUR_OF_START + 9)).toEqual([]);
    },
  ],
  [
    'jobs and queues may be called anything',
    async (bench) => {
      const store = bench.store();
      const jobs = [
        'a b',
        'a b 1',
        ' ',
        '',
        'names',
        '7',
        '漢字 🙂',
        '__proto__',
        'x\n\u0000|',
        '{ops}',
        'constructor',
      ];
      await store.flush(batch('a', 1, { series: jobs.map((job, i) => series({ added: i + 1 }, { job })) }));
      await store.flush(batch('a', 2, { series: [series({ added: 1 }, { queue: 'a:b {x}', job: 'j' })] }));
      const expected = new Map(jobs.map((job, i) => [job, i + 1]));
      const look = await store.look(['chat', 'a:b {x}', 'a']);
      const ofJobs = (minutes: readonly ActivityMinute[], queue: string): Map<string, number> =>
        new Map(
          minutes
            .filter((minute) => minute.queue === queue)
            .map(({ job, record }) => [job, counted(record, 'added')]),
        );
      expect(ofJobs(look.minutes, 'chat')).toEqual(expected);
      expect(ofJobs(look.minutes, 'a:b {x}')).toEqual(new Map([['j', 1]]));
      expect(ofJobs(await store.history('chat', HOUR_OF_START, HOUR_OF_START), 'chat')).toEqual(expected);
      expect(look.totals.get('a:b {x}')).toEqual({ added: 1 });
    },
  ],
  [
    'an hour is kept for the history and two hours more',
    async (bench) => {
      await add(bench.store(), 'a');
      const within = bench.store(73 * HOUR);
      await add(within, 'b');
      expect(await within.history('chat', HOUR_OF_START, HOUR_OF_START)).toHaveLength(1);
      expect(
        (await within.history('chat', HOUR_OF_START, HOUR_OF_START + 73)).map(({ job }) => job),
      ).toHaveLength(2);
      expect((await within.look(['chat'])).totals.get('chat')).toEqual({ added: 2 });
    },
  ],
  [
    'a batch without anything is a sign of life',
    async (bench) => {
      const store = bench.store();
      const { at } = await store.flush(batch('a', 1));
      expect(at - START).toBeGreaterThanOrEqual(0);
      expect(at - START).toBeLessThan(MINUTE);
      const { minutes, instances, at: lookedAt } = await store.look(['chat']);
      expect([minutes, instances.length]).toEqual([[], 1]);
      expect(lookedAt).toBeGreaterThanOrEqual(at);
    },
  ],
];
