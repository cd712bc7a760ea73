import { COUNTER_AT, emptyRecord } from '../../../jobs/activity/activity-record.js';
import type { ActivityCounter } from '../../../jobs/activity/activity-record.js';
import { queueRow } from '../../../../../test/support/console/made-up.js';
import { overviewTotals } from './overview-totals.js';

const AT = Date.UTC(2026, 10, 28, 14, 26);

function growthOf(waiting: number, counted: Partial<Record<ActivityCounter, number>>): number {
  const record = emptyRecord();
  for (const [counter, value] of Object.entries(counted))
    record[COUNTER_AT[counter as ActivityCounter]] = value;
  const minutes = [{ queue: 'notes', job: 'write', minute: AT - 60_000, record }];
  const look = { minutes, at: AT } as unknown as Parameters<typeof overviewTotals>[0]['looks'][number];
  const rows = [queueRow('notes', 'Of a test', { waiting })];
  return overviewTotals({ rows, looks: [look], points: [], stepMinutes: 1, workers: [], at: AT })
    .waitingPerMinute;
}

describe('Growth of what waits', () => {
  it('is what was added and is not done, a minute', () => {
    expect(growthOf(80, { added: 100, completed: 40, dead: 10 })).toBe(10);
    expect(growthOf(3, { added: 10, completed: 60 })).toBe(-10);
  });

  it('leaves out jobs that were added with a delay', () => {
    expect(growthOf(0, { added: 6 })).toBe(0);
    expect(growthOf(5, { added: 100 })).toBe(1);
  });
});
