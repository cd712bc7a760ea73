import type { AnnouncedQueue } from '../../../broker/activity-store.js';
import type { HistoryPoint } from '../../../monitoring/activity/queue-history.js';
import type { QueueHealth } from '../../../monitoring/queue-health.js';
import type { QueueStats } from '../../../monitoring/queue-stats.js';
import type { QueueDefinition } from '../../../jobs/queue-definition.js';
import type { QueueDetail, QueueRow } from '../answers.js';

/** Points of the small chart of a row. */
const TREND = 40;

/** What a row is made of. */
export interface RowSources {
  readonly definition: Pick<QueueDefinition, 'name' | 'description'>;
  readonly announced: AnnouncedQueue | undefined;
  readonly health: QueueHealth;
  readonly points: readonly HistoryPoint[];
  readonly stepMinutes: number;
}

const NONE = { avg: null, p50: null, p95: null, p99: null };
const NOTHING_KNOWN = {
  ...{ waiting: 0, delayed: 0, active: 0, held: 0, dead: 0, oldestWaitingMs: null, isPaused: false },
  ...{ slots: 0, busySlots: 0, workers: 0, perMinute: 0, failureRate: null, waitMs: NONE, runMs: NONE },
};

/** One queue of the overview. While the broker is away nothing but its health is known. */
export function queueRow({ definition, announced, health, points, stepMinutes }: RowSources): QueueRow {
  const { name, description } = definition;
  const { status, reasons, stats } = health;
  return {
    ...{ queue: name, description, isBuiltIn: announced?.isBuiltIn ?? false, status, reasons },
    ...(stats === null ? NOTHING_KNOWN : figuresOf(stats)),
    trend: trendOf(points, stepMinutes),
  };
}

function figuresOf(
  stats: QueueStats,
):
  | typeof NOTHING_KNOWN
  | Omit<QueueRow, 'queue' | 'description' | 'isBuiltIn' | 'status' | 'reasons' | 'trend'> {
  const { waiting, paused, delayed, active, held, failed, oldestWaitingMs, isPaused } = stats;
  const { slots, busySlots, workers, perMinute, failureRate, waitMs, runMs } = stats;
  return {
    ...{ waiting: waiting + paused, delayed, active, held, dead: failed, oldestWaitingMs, isPaused },
    ...{ slots, busySlots, workers, perMinute, failureRate, waitMs, runMs },
  };
}

/** By job name, the busiest first. */
export function jobRows(stats: QueueStats | null): QueueDetail['jobs'] {
  return Object.entries(stats?.jobs ?? {})
    .map(([job, { perMinute, failureRate, waitMs, runMs }]) => ({
      job,
      perMinute,
      failureRate,
      waitMs,
      runMs,
    }))
    .sort((a, b) => b.perMinute - a.perMinute);
}

/** Completed per minute, in so many steps of the same length. */
function trendOf(points: readonly HistoryPoint[], stepMinutes: number): number[] {
  if (points.length === 0) return Array.from({ length: TREND }, () => 0);
  return Array.from({ length: TREND }, (_, index) => {
    const from = Math.floor((index * points.length) / TREND);
    const some = points.slice(from, Math.max(from + 1, Math.floor(((index + 1) * points.length) / TREND)));
    const completed = some.reduce((sum, point) => sum + point.completed, 0);
    return Math.round((completed / (some.length * stepMinutes)) * 10) / 10;
  });
}
