import type { AlertRule } from '../alert-rule.js';
import { EVENTS_DEGRADED, EVENTS_UNHEALTHY } from './event-rules.js';
import {
  ACTIVITY_STALE,
  BREAKER_OPEN,
  BROKER_MEMORY_HIGH,
  BROKER_UNREACHABLE,
  WORKER_LOST,
} from './fleet-rules.js';
import {
  ADDS_REFUSED,
  DEAD_LETTERS_HIGH,
  FAILURE_RATE_HIGH,
  NO_WORKER,
  OLDEST_JOB_WAITS,
  QUEUE_DEPTH_HIGH,
  RUN_TIME_HIGH,
  SCHEDULE_LATE,
} from './queue-rules.js';

/** Every rule, by the name under which it is set, listed, sent and found in the runbook. */
export const ALERT_RULES = {
  QueueDepthHigh: QUEUE_DEPTH_HIGH,
  DeadLettersHigh: DEAD_LETTERS_HIGH,
  BreakerOpen: BREAKER_OPEN,
  FailureRateHigh: FAILURE_RATE_HIGH,
  RunTimeHigh: RUN_TIME_HIGH,
  OldestJobWaits: OLDEST_JOB_WAITS,
  NoWorker: NO_WORKER,
  WorkerLost: WORKER_LOST,
  BrokerMemoryHigh: BROKER_MEMORY_HIGH,
  BrokerUnreachable: BROKER_UNREACHABLE,
  ScheduleLate: SCHEDULE_LATE,
  ActivityStale: ACTIVITY_STALE,
  AddsRefused: ADDS_REFUSED,
  EventsUnhealthy: EVENTS_UNHEALTHY,
  EventsDegraded: EVENTS_DEGRADED,
} as const satisfies Readonly<Record<string, AlertRule>>;

/** Name of a rule. */
export type AlertRuleName = keyof typeof ALERT_RULES;

/** Names of all rules. */
export const ALERT_RULE_NAMES = Object.keys(ALERT_RULES) as readonly AlertRuleName[];

/** The rule of a name; undefined for one that this version does not know. */
export function ruleOf(name: string): AlertRule | undefined {
  return Object.hasOwn(ALERT_RULES, name) ? ALERT_RULES[name as AlertRuleName] : undefined;
}
