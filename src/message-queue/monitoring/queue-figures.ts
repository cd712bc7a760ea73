import type { BrokerLook } from '../broker/activity-store.js';
import type { QueueSnapshot, UnknownJobs } from '../broker/broker.js';
import { addRecord, COUNTER_AT, emptyRecord } from '../jobs/activity/activity-record.js';
import type { ActivityCounter, ActivityRecord } from '../jobs/activity/activity-record.js';
import { runsOf, waitsOf } from '../jobs/activity/durations.js';
import type { ByQueueName } from '../queues/queue-name.js';
import type { ProcessSight } from './activity/process-watch.js';
import { recentActivity, WINDOW_MS, workersOf } from './activity/recent-activity.js';
import type { JobNameStats, QueueStats, QueueTotals } from './queue-stats.js';

/** What one queue's figures are made of. */
export interface FigureSources {
  readonly look: BrokerLook;
  readonly queue: string;
  readonly snapshot: QueueSnapshot;
  readonly unknown: UnknownJobs;
  readonly sight: ProcessSight;
}

/** One queue's figures. */
export function toStats({ look, queue, snapshot, unknown, sight }: FigureSources): QueueStats {
  const {
    oldestWaitingAt,
    failedDroppedAt: _at,
    keysForgottenAt: _then,
    wrongKeys: _keys,
    flow,
    ...counts
  } = snapshot;
  const { held, holding, parked, paused, sleeping, oldestHeldAt, oldestParked } = flow;
  const age = (at: number | null): number | null => (at === null ? null : Math.max(0, look.at - at));
  const byJob = recentActivity(look, queue);
  const { enqueuedLast5m, ...all } = statsOf(sumOf([...byJob.values()]));
  const { workers, slots, busySlots, utilization, stuck } = workersOf(look, queue);
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
    ...all,
    throughputPerSecond: all.perMinute / 60,
    avgProcessingMs: all.runMs.avg,
    p95ProcessingMs: all.runMs.p95,
    ...{ enqueuedLast5m, workers, slots, busySlots, utilization },
    jobs: Object.fromEntries([...byJob].map(([job, record]) => [job, statsOf(record)])),
    shredded: look.totals.get(queue)?.shredded ?? 0,
    // Those of this process that have no slots any more, because it stops, count too.
    stuckHandlers: Math.max(stuck, sight.stuck.length),
    hostFailures: sight.hostFailures.count,
  };
}

function statsOf(record: ActivityRecord): JobNameStats {
  const of = (counter: ActivityCounter): number => record[COUNTER_AT[counter]] as number;
  const attempts = of('completed') + of('failed');
  return {
    enqueuedLast5m: Math.round(of('added')),
    perMinute: of('completed') / (WINDOW_MS / 60_000),
    attempts: Math.round(attempts),
    failureRate: attempts === 0 ? null : of('failed') / attempts,
    waitMs: waitsOf(record),
    runMs: runsOf(record),
  };
}

function sumOf(records: readonly ActivityRecord[]): ActivityRecord {
  const sum = emptyRecord();
  for (const record of records) addRecord(sum, record);
  return sum;
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
