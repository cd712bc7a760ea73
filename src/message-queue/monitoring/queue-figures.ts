import type { QueueSnapshot, UnknownJobs } from '../broker/broker.js';
import type { ByQueueName } from '../queues/queue-name.js';
import type { QueueActivity } from './activity-recorder.js';
import { WINDOW_MS } from './activity-window.js';
import type { QueueStats, QueueTotals } from './queue-stats.js';

/** One queue's figures. @param now milliseconds since the epoch */
export function toStats(
  snapshot: QueueSnapshot,
  unknown: UnknownJobs,
  activity: QueueActivity,
  now: number,
): QueueStats {
  const {
    oldestWaitingAt,
    failedDroppedAt: _at,
    keysForgottenAt: _then,
    wrongKeys: _keys,
    flow,
    ...counts
  } = snapshot;
  const { held, holding, parked, paused, sleeping, oldestHeldAt, oldestParked } = flow;
  const age = (at: number | null): number | null => (at === null ? null : Math.max(0, now - at));
  const attempts = activity.completed + activity.failed;
  return {
    ...counts,
    unknown,
    held,
    groups: { holding, parked, paused, sleeping },
    oldestHeldMs: age(oldestHeldAt),
    oldestParkedMs: age(oldestParked?.since ?? null),
    rateClosedMs: flow.rateClosedMs,
    flowRepairs: flow.repairs,
    oldestWaitingMs: age(oldestWaitingAt),
    failureRate: attempts === 0 ? null : activity.failed / attempts,
    attempts,
    throughputPerSecond: activity.completed / (WINDOW_MS / 1000),
    avgProcessingMs: activity.avgMs,
    p95ProcessingMs: activity.p95Ms,
    shredded: activity.shredded,
    stuckHandlers: activity.stuck.length,
    hostFailures: activity.hostFailures.count,
  };
}

/** Jobs by state, over several queues. */
export function totalsOf(stats: readonly QueueStats[]): QueueTotals {
  const total = (of: keyof QueueTotals): number => stats.reduce((sum, queue) => sum + queue[of], 0);
  return {
    waiting: total('waiting'),
    active: total('active'),
    completed: total('completed'),
    failed: total('failed'),
    delayed: total('delayed'),
    paused: total('paused'),
  };
}

/** Values by the names of their queues, in the same order. */
export function byQueueName<Value>(names: readonly string[], values: readonly Value[]): ByQueueName<Value> {
  return Object.fromEntries(names.map((name, index) => [name, values[index]])) as ByQueueName<Value>;
}
