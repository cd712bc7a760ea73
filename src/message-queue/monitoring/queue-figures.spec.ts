import { NO_FLOW } from '../broker/groups-of-queue.js';
import type { QueueSnapshot } from '../broker/broker.js';
import type { BrokerLook } from '../broker/activity-store.js';
import { bucketOf, COUNTER_AT, emptyRecord, RUNS_AT } from '../jobs/activity/activity-record.js';
import type { ActivityCounter } from '../jobs/activity/activity-record.js';
import { toStats } from './queue-figures.js';

describe('toStats', () => {
  const sight = { movedMsAgo: null, stuck: [], blockedBy: [], hostFailures: { count: 0, recent: [] } };
  const AT = 600_000;
  const statsOf = (snapshot: Partial<QueueSnapshot>, look: Partial<BrokerLook> = {}) =>
    toStats({
      look: { at: AT, minutes: [], instances: [], totals: new Map(), ...look } as unknown as BrokerLook,
      queue: 'mail',
      snapshot: {
        ...{ oldestWaitingAt: null, wrongKeys: [], expired: 0, flow: NO_FLOW },
        ...snapshot,
      } as QueueSnapshot,
      unknown: { count: 0, kinds: [] },
      sight,
    });

  it('has the figures of all groups, and the name of none', () => {
    const flow = {
      ...{ held: 12, holding: 4, parked: 1, paused: 2, sleeping: 3, oldestHeldAt: AT - 6_000 },
      ...{ oldestParked: { key: 'c-42', jobId: 'j-1', since: AT - 3_000 }, repairs: 5, rateClosedMs: 600 },
    };
    const stats = statsOf({ expired: 8, flow });
    expect(stats).toMatchObject({
      ...{ held: 12, groups: { holding: 4, parked: 1, paused: 2, sleeping: 3 } },
      ...{ oldestHeldMs: 6_000, oldestParkedMs: 3_000, expired: 8, rateClosedMs: 600, flowRepairs: 5 },
    });
    expect(JSON.stringify(stats)).not.toMatch(/c-42|"flow"/);
  });

  it('has no ages where nothing is held, and none that is negative', () => {
    expect(statsOf({})).toMatchObject({ held: 0, oldestHeldMs: null, oldestParkedMs: null });
    expect(statsOf({ flow: { ...NO_FLOW, oldestHeldAt: AT + 1 } }).oldestHeldMs).toBe(0);
  });

  it('takes of the minute in which the last 5 begin the part that belongs to them', () => {
    const minute = (minutesAgo: number, job: string, counts: Partial<Record<ActivityCounter, number>>) => {
      const record = emptyRecord();
      for (const [name, value] of Object.entries(counts)) record[COUNTER_AT[name as ActivityCounter]] = value;
      record[RUNS_AT + bucketOf(40)] = (counts.completed ?? 0) + (counts.failed ?? 0);
      return { queue: 'mail', job, minute: AT - minutesAgo * 60_000, record };
    };
    // 20 seconds of the minute under way have passed.
    const minutes = [
      minute(5, 'send', { completed: 30, added: 60, runMs: 1_200 }),
      minute(4, 'send', { completed: 10, failed: 10, runMs: 800 }),
      minute(0, 'bounce', { added: 7 }),
      { ...minute(1, 'send', { completed: 99 }), queue: 'push' },
    ];
    const stats = statsOf({}, { minutes, at: AT + 20_000 });
    // 40 of the 60 seconds of the oldest one belong to them.
    expect(stats).toMatchObject({ attempts: 40, failureRate: 0.25, perMinute: 6, throughputPerSecond: 0.1 });
    expect(stats).toMatchObject({ enqueuedLast5m: 47, avgProcessingMs: 40 });
    expect(stats.jobs['send']).toMatchObject({ attempts: 40, failureRate: 0.25, enqueuedLast5m: 40 });
    expect(stats.jobs['bounce']).toMatchObject({ attempts: 0, failureRate: null, enqueuedLast5m: 7 });
    expect(stats.p95ProcessingMs).toBeGreaterThan(30);
    expect(stats.p95ProcessingMs).toBeLessThanOrEqual(50);
  });

  it('counts who lives, and leaves out who has vanished', () => {
    const process = (id: string, seenMsAgo: number, queues: object, flushMs = 5_000) =>
      ({ id, seenAt: AT - seenMsAgo, flushMs, queues }) as unknown as BrokerLook['instances'][number];
    const instances = [
      process('a', 0, { mail: [10, 4, 1] }),
      process('b', 15_000, { mail: [10, 6, 0] }),
      process('c', 15_001, { mail: [10, 10, 3] }),
      process('d', 100_000, { mail: [5, 0, 0] }, 60_000),
      process('e', 0, { push: [3, 3, 3] }),
      process('f', 0, { mail: [0, 2, 0] }),
    ];
    expect(statsOf({}, { instances })).toMatchObject({
      ...{ workers: 3, slots: 25, busySlots: 12, utilization: 0.48, stuckHandlers: 1 },
    });
  });
});
