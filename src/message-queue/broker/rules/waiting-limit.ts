import type { JobOptions } from 'bull';
import { JobPriority, toBullPriority } from '../../jobs/job-priority.js';

/** Share of `maxWaiting` that is kept for critical jobs, on top. */
const CRITICAL_RESERVE = 0.1;
const CRITICAL_BULL_PRIORITY = toBullPriority(JobPriority.CRITICAL);

/**
 * How many jobs of a queue may wait, delayed and paused ones counted, when this one is added. A schedule is added
 * although the queue is full: it is never more than one pending run.
 */
export function waitingLimit(maxWaiting: number, critical: boolean): number {
  return critical ? Math.ceil(maxWaiting * (1 + CRITICAL_RESERVE)) : maxWaiting;
}

/**
 * Whether a job may use the reserve.
 * @param critical what the add says of itself; undefined: its priority tells
 */
export function isCritical(critical: boolean | undefined, { priority }: JobOptions): boolean {
  return critical ?? priority === CRITICAL_BULL_PRIORITY;
}
