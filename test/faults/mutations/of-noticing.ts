import { RedisClock } from '../../../src/message-queue/broker/redis/connections/redis-clock.js';
import { watchEpochScript } from '../../../src/message-queue/broker/redis/epoch/epoch.lua.js';
import { completeJobsScript } from '../../../src/message-queue/broker/redis/scripts/complete-jobs.lua.js';
import { takeJobsScript } from '../../../src/message-queue/broker/redis/scripts/take-jobs.lua.js';
import { ScheduleReconciler } from '../../../src/message-queue/schedules/schedule-reconciler.js';
import { inMethod, inScripts } from './mutation.js';
import type { Mutation } from './mutation.js';

const EMPTIED = 'FLUSHALL under load';

/** Later calls do nothing. */
function onceOnly(reconcile: (...args: unknown[]) => unknown) {
  let isFirst = true;
  return function (this: ScheduleReconciler): unknown {
    if (!isFirst) return Promise.resolve();
    isFirst = false;
    return reconcile.call(this);
  };
}

/** Lost data, wrong clocks, and jobs of another version. */
export const OF_NOTICING: readonly Mutation[] = [
  {
    name: 'loss-unnoticed',
    breaks: 'Redis that lost what it had is noticed',
    ...{ row: EMPTIED, says: /every process to be unhealthy with DATA_LOST/ },
    apply: inScripts(
      [watchEpochScript],
      `if command == 'HMGET' and ARGV[1] ~= '' then return { ARGV[1], ARGV[2], ARGV[5], ARGV[8], false, false } end`,
    ),
  },
  {
    name: 'loss-told-by-all',
    breaks: 'one process of the fleet tells of a loss',
    ...{ row: EMPTIED, says: /The loss was told \d+ times/ },
    apply: inScripts([watchEpochScript], `if command == 'HMGET' then return {} end`),
  },
  {
    name: 'schedule-not-restored',
    breaks: 'schedules are back after a loss',
    ...{ row: EMPTIED, says: /the schedule to be back/ },
    apply: inMethod<ScheduleReconciler>(ScheduleReconciler, 'reconcile', onceOnly),
  },
  {
    name: 'machine-clock',
    breaks: "Redis' clock decides when jobs are due",
    ...{
      row: 'clocks an hour off, either way, and kill -9',
      says: /began before it was due|for all jobs to end/,
    },
    apply: inMethod(RedisClock, 'now', () => () => Date.now()),
  },
  {
    name: 'unknown-buried',
    breaks: 'a job that this version does not know waits for one that does',
    ...{
      row: 'kill -9 of an old and of a new worker in a rolling deploy',
      says: /wrongly a dead letter/,
    },
    // As if it had waited for all of its time.
    apply: inScripts(
      [takeJobsScript, completeJobsScript],
      `if command == 'HMGET' then
    local fields = real.call(command, key, unpack(args))
    for i = 1, #args do if args[i] == 'mqUnknown' then fields[i] = '1 1' end end
    return fields
  end`,
    ),
  },
];
