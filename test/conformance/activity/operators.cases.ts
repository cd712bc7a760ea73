import type { OperatorEntry } from '../../../src/message-queue/broker/activity-store.js';
import type { OperatorDeed } from '../../../src/message-queue/jobs/activity/operator-deed.js';
import { START, alert } from '../../support/activity-batches.js';
import type { ActivityCase } from './activity-bench.js';
import { rejectionOf } from '../broker/broker-bench.js';

const entry = (target: string): OperatorDeed => ({
  ...{ by: 'ann', action: 'replay', target, filter: '{"queue":"chat"}', count: 27 },
  ...{ reason: null, outcome: 'done', via: 'cli' },
});
const targets = (entries: readonly OperatorEntry[]): string[] => entries.map(({ target }) => target);

/** Who evaluates alerts, where they stand, and what people did. */
export const operatorCases: readonly ActivityCase[] = [
  [
    'one leads, until it gives up or says nothing for its lease',
    async (bench) => {
      const [a, b] = [bench.store(), bench.store()];
      expect(await Promise.all([a.holdLeadership('a', 15_000), b.holdLeadership('b', 15_000)])).toContain(
        true,
      );
      await a.giveUpLeadership('a');
      await b.giveUpLeadership('b');
      expect(await a.holdLeadership('a', 15_000)).toBe(true);
      expect(await b.holdLeadership('b', 15_000)).toBe(false);
      await b.giveUpLeadership('b');
      expect(await b.holdLeadership('b', 15_000)).toBe(false);
      expect(await a.holdLeadership('a', 15_000)).toBe(true);
      await a.giveUpLeadership('a');
      expect(await b.holdLeadership('b', 15_000)).toBe(true);
    },
  ],
  [
    'of many who move an alert at once one does',
    async (bench) => {
      const stores = Array.from({ length: 4 }, () => bench.store());
      for (const version of [1, 2, 3]) {
        const moved = await Promise.all(
          stores.flatMap((store) =>
            [1, 2, 3].map((n) => store.moveAlert(alert(version, { message: `${n}` }))),
          ),
        );
        expect(moved.filter(Boolean)).toHaveLength(1);
      }
      expect(await stores[0]?.moveAlert(alert(3))).toBe(false);
      expect(await stores[0]?.moveAlert(alert(5))).toBe(false);
    },
  ],
  [
    'an alert is what was stored last, and its rule and queue are its name',
    async (bench) => {
      const store = bench.store();
      const [first, second] = [alert(1, { message: 'ß "x" 漢\n' }), alert(1, { queue: '' })];
      expect([await store.moveAlert(first), await store.moveAlert(second)]).toEqual([true, true]);
      const moved = alert(2, { state: 'ok', toSend: null, mutedUntil: START, mutedBy: 'ann', value: 0.25 });
      expect(await store.moveAlert(moved)).toBe(true);
      const { alerts } = await store.look([]);
      expect(new Map(alerts.map((each) => [each.queue, each]))).toEqual(
        new Map([
          ['chat', moved],
          ['', second],
        ]),
      );
      await store.removeAlert('QueueDepthHigh', 'chat');
      expect((await store.look([])).alerts).toEqual([second]);
      expect(await store.moveAlert(alert(1))).toBe(true);
    },
  ],
  [
    'what operators did is read newest first, page by page, whatever is added meanwhile',
    async (bench) => {
      const store = bench.store();
      for (let i = 0; i < 7; i++) await store.note(entry(`t${i}`));
      const first = await store.notes({ limit: 3 });
      expect(targets(first)).toEqual(['t6', 't5', 't4']);
      expect(first[0]).toEqual({ ...entry('t6'), id: first[0]?.id, at: first[0]?.at });
      await store.note(entry('later'));
      const second = await store.notes({ limit: 3, before: first[2]?.id });
      expect(targets(second)).toEqual(['t3', 't2', 't1']);
      const third = await store.notes({ limit: 3, before: second[2]?.id });
      expect(targets(third)).toEqual(['t0']);
      expect(await store.notes({ limit: 3, before: third[0]?.id })).toEqual([]);
      expect(targets(await store.notes({ limit: 1 }))).toEqual(['later']);
      const error = await rejectionOf(store.notes({ limit: 1, before: 'no id' }));
      expect(error).toMatchObject({ code: 'INVALID_JOB_OPTIONS' });
    },
  ],
  [
    'about ten thousand entries are kept',
    async (bench) => {
      const store = bench.store();
      for (let i = 0; i < 10_400; i += 400) {
        await Promise.all(Array.from({ length: 400 }, (_, n) => store.note(entry(`${i + n}`))));
      }
      const kept = await store.notes({ limit: 20_000 });
      expect(kept.length).toBeGreaterThanOrEqual(10_000);
      expect(kept.length).toBeLessThan(10_300);
      expect([kept[0]?.target, new Set(kept.map(({ id }) => id)).size]).toEqual(['10399', kept.length]);
    },
  ],
];
