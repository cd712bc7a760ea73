import { NO_FLOW } from '../broker/groups-of-queue.js';
import type { QueueSnapshot } from '../broker/broker.js';
import type { QueueActivity } from './activity-recorder.js';
import { toStats } from './queue-figures.js';

describe('toStats', () => {
  const activity = { completed: 0, failed: 0, stuck: [], hostFailures: { count: 0, recent: [] } };
  const statsOf = (snapshot: Partial<QueueSnapshot>) =>
    toStats(
      { oldestWaitingAt: null, wrongKeys: [], expired: 0, flow: NO_FLOW, ...snapshot } as QueueSnapshot,
      { count: 0, kinds: [] },
      activity as unknown as QueueActivity,
      10_000,
    );

  it('has the figures of all groups, and the name of none', () => {
    const flow = {
      ...{ held: 12, holding: 4, parked: 1, paused: 2, sleeping: 3, oldestHeldAt: 4_000 },
      ...{ oldestParked: { key: 'c-42', jobId: 'j-1', since: 7_000 }, repairs: 5, rateClosedMs: 600 },
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
    expect(statsOf({ flow: { ...NO_FLOW, oldestHeldAt: 10_001 } }).oldestHeldMs).toBe(0);
  });
});
