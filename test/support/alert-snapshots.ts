import { COUNTER_AT, emptyRecord } from '../../src/message-queue/jobs/activity/activity-record.js';
import type { ActivityCounter } from '../../src/message-queue/jobs/activity/activity-record.js';
import type { ActivityMinute, BrokerLook, Instance } from '../../src/message-queue/broker/activity-store.js';
import type { QueueSnapshot } from '../../src/message-queue/broker/broker.js';
import { EMPTY_SNAPSHOT } from '../../src/message-queue/broker/queue-snapshot.js';
import type { AlertReading, AlertSnapshot } from '../../src/message-queue/monitoring/alerts/alert-rule.js';
import { limitsOf } from '../../src/message-queue/monitoring/alerts/settings/alert-limits.js';
import { ruleOf } from '../../src/message-queue/monitoring/alerts/rules/alert-rules.js';
import type {
  AlertRuleName,
  ALERT_RULES,
} from '../../src/message-queue/monitoring/alerts/rules/alert-rules.js';

/** When the rules look. */
export const AT = Date.UTC(2026, 5, 1, 12, 0, 30);
/** The queue that they look at. */
export const QUEUE = { name: 'a|b {x} "ß"', timeoutMs: 30_000 };

/** A worker of it that said two seconds ago that it lives. */
export function instance(over: Partial<Instance> = {}): Instance {
  return {
    ...{ id: 'i-1', host: 'node-7', pid: 4_711, role: 'worker', version: '1.0.0', node: 'v20.20.0' },
    ...{ startedAt: AT - 900_000, seenAt: AT - 2_000, rssBytes: 1, loopLagMs: 1, flushMs: 5_000 },
    ...{ queues: { [QUEUE.name]: [10, 1, 0] }, openBreakers: [], ...over },
  };
}

/** What was counted in a minute, so many minutes ago. */
export function minute(
  ago: number,
  counters: Partial<Record<ActivityCounter, number>>,
  queue = QUEUE.name,
): ActivityMinute {
  const record = emptyRecord();
  for (const [name, value] of Object.entries(counters)) record[COUNTER_AT[name as ActivityCounter]] = value;
  return { queue, job: 'send', record, minute: Math.floor(AT / 60_000) * 60_000 - ago * 60_000 };
}

/** What there is to see; what is left out is as it should be. */
export interface Seen {
  readonly counts?: Partial<QueueSnapshot>;
  readonly minutes?: readonly ActivityMinute[];
  readonly instances?: readonly Instance[];
  readonly memory?: number | null;
  readonly reachable?: boolean;
  readonly lateMs?: number;
  readonly worksHere?: boolean;
}

function snapshot(seen: Seen): AlertSnapshot {
  const { counts = {}, minutes = [], instances = [instance()], memory = 0.1 } = seen;
  const look = {
    ...{ at: AT, minutes, instances, announced: [], alerts: [], deploys: [], wrongKeys: [] },
    ...{ counts: new Map([[QUEUE.name, { ...EMPTY_SNAPSHOT, ...counts }]]), totals: new Map() },
  } as BrokerLook;
  return {
    look,
    server: {
      ...{ provider: 'redis', reachable: seen.reachable ?? true, version: '7', latencyMs: 1 },
      ...{ memoryUsedRatio: memory, memoryLimitBytes: null, clockSkewMs: 0, findings: [] },
    },
    lateSchedules: new Map(
      seen.lateMs === undefined ? [] : [[QUEUE.name, { key: 'nightly', lateMs: seen.lateMs }]],
    ),
    queues: new Map([[QUEUE.name, QUEUE]]),
    worksHere: seen.worksHere ?? true,
  };
}

/** What a rule reads in it. */
export function read(name: AlertRuleName, seen: Seen): AlertReading | null {
  const limits = limitsOf(name, QUEUE, {});
  return (ruleOf(name) as (typeof ALERT_RULES)['NoWorker']).read(
    snapshot(seen),
    QUEUE.name,
    limits?.above ?? 0,
  );
}

/** Whether it is too high. */
export function isWrong(name: AlertRuleName, seen: Seen): boolean | null {
  const reading = read(name, seen);
  return reading === null ? null : reading.value > (limitsOf(name, QUEUE, {})?.above ?? 0);
}

/** A worker that has said nothing for so long. */
export const silent = (ms: number, over: Partial<Instance> = {}): Instance =>
  instance({ seenAt: AT - ms, ...over });
