import type { BrokerLook } from '../../../broker/activity-store.js';
import { addRecord, COUNTER_AT, emptyRecord } from '../../../jobs/activity/activity-record.js';
import type { ActivityCounter } from '../../../jobs/activity/activity-record.js';
import { runsOf } from '../../../jobs/activity/durations.js';
import { recentActivity, WINDOW_MS } from '../../../monitoring/activity/recent-activity.js';
import type { HistoryPoint } from '../../../monitoring/activity/queue-history.js';
import type { WorkerStatus } from '../../../monitoring/activity/worker-status.js';
import type { Overview, QueueRow } from '../answers.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** What the numbers at the top are made of. */
export interface TotalSources {
  readonly rows: readonly QueueRow[];
  readonly looks: readonly BrokerLook[];
  readonly points: readonly HistoryPoint[];
  readonly stepMinutes: number;
  readonly workers: readonly WorkerStatus[];
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The numbers at the top of the overview. */
export function overviewTotals({
  rows,
  looks,
  points,
  stepMinutes,
  workers,
  at,
}: TotalSources): Overview['totals'] {
  const sum = (of: (row: QueueRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const recent = emptyRecord();
  for (const row of rows) {
    for (const look of looks)
      for (const record of recentActivity(look, row.queue).values()) addRecord(recent, record);
  }
  const of = (counter: ActivityCounter): number => recent[COUNTER_AT[counter]] ?? 0;
  const minutes = WINDOW_MS / MINUTE_MS;
  const ages = rows.map((row) => row.oldestWaitingMs).filter((age) => age !== null);
  const slots = sum((row) => row.slots);
  const alive = workers.filter(({ state }) => state === 'alive');
  const waiting = sum((row) => row.waiting);
  const grown = of('added') - of('completed') - of('dead');
  return {
    waiting,
    // Jobs that are added with a delay do not wait yet: it has grown by no more than what waits.
    waitingPerMinute: Math.min(grown, waiting) / minutes,
    oldestWaitingMs: ages.length === 0 ? null : Math.max(...ages),
    completedPerSecond: of('completed') / (WINDOW_MS / 1_000),
    completedPerSecondHourAgo: perSecondAround(points, at - HOUR_MS, stepMinutes),
    failureRate: rateOf(of('completed'), of('failed')),
    usualFailureRate: rateOf(total(points, 'completed'), total(points, 'failed')),
    runMs: runsOf(recent),
    dead: sum((row) => row.dead),
    newDead: total(
      points.filter((point) => point.at >= at - HOUR_MS),
      'dead',
    ),
    workers: alive.filter(({ queues }) => queues.length > 0).length,
    producers: alive.filter(({ queues }) => queues.length === 0).length,
    lost: workers.length - alive.length,
    utilization: slots === 0 ? null : Math.min(1, sum((row) => row.busySlots) / slots),
  };
}

function total(points: readonly HistoryPoint[], of: 'completed' | 'failed' | 'dead'): number {
  return points.reduce((sum, point) => sum + point[of], 0);
}

function rateOf(completed: number, failed: number): number | null {
  return completed + failed === 0 ? null : failed / (completed + failed);
}

/** Over 5 minutes; null where the history does not go so far back, or nothing was counted until then. */
function perSecondAround(points: readonly HistoryPoint[], at: number, stepMinutes: number): number | null {
  const [first] = points;
  if (first === undefined || first.at > at - WINDOW_MS) return null;
  const until = points.filter((point) => point.at <= at);
  if (!until.some((point) => point.added + point.completed + point.failed > 0)) return null;
  const some = until.slice(-Math.max(1, Math.round(WINDOW_MS / MINUTE_MS / stepMinutes)));
  return total(some, 'completed') / (some.length * stepMinutes * 60);
}
