import type { BrokerLook, Instance } from '../../broker/activity-store.js';
import { emptyRecord } from '../../jobs/activity/activity-record.js';
import type { ActivityRecord } from '../../jobs/activity/activity-record.js';

/** How far back stats and health look, milliseconds. */
export const WINDOW_MS = 5 * 60_000;
const MINUTE_MS = 60_000;
/** A process that has said nothing for so long is not alive, however often it flushes; milliseconds. */
const LEAST_SILENCE_MS = 15_000;
/** Flushes that a living process may miss. */
const MISSED_FLUSHES = 3;

/**
 * What was counted of a queue within the last 5 minutes, by job name. Of the minute in which they begin, the part that belongs to
 * them is taken: as if its jobs had come evenly.
 */
export function recentActivity(
  { minutes, at }: Pick<BrokerLook, 'minutes' | 'at'>,
  queue: string,
): ReadonlyMap<string, ActivityRecord> {
  const byJob = new Map<string, ActivityRecord>();
  const from = at - WINDOW_MS;
  for (const { queue: of, job, minute, record } of minutes) {
    const share = Math.min(1, (minute + MINUTE_MS - from) / MINUTE_MS);
    if (of !== queue || share <= 0) continue;
    const sum = byJob.get(job) ?? emptyRecord();
    byJob.set(job, sum);
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (record[i] ?? 0) * share;
  }
  return byJob;
}

/** Whether a process lives, by when it was last seen. @param at when it was looked at, by the broker's clock */
export function isAlive({ seenAt, flushMs }: Pick<Instance, 'seenAt' | 'flushMs'>, at: number): boolean {
  return at - seenAt <= Math.max(LEAST_SILENCE_MS, MISSED_FLUSHES * flushMs);
}

/** Who works on a queue. */
export interface QueueWorkers {
  /** Processes. */
  readonly workers: number;
  readonly slots: number;
  readonly busySlots: number;
  /** Busy slots of all slots, 0 to 1; null without slots. */
  readonly utilization: number | null;
  readonly stuck: number;
}

/** What the processes that live say of a queue. */
export function workersOf(look: Pick<BrokerLook, 'instances' | 'at'>, queue: string): QueueWorkers {
  const alive = look.instances.filter((instance) => isAlive(instance, look.at));
  const working = alive.flatMap(({ queues }) => (Object.hasOwn(queues, queue) ? [queues[queue]] : []));
  const sum = (part: 0 | 1 | 2): number => working.reduce((total, of) => total + (of?.[part] ?? 0), 0);
  const [slots, busySlots, stuck] = [sum(0), sum(1), sum(2)];
  return {
    workers: working.filter((of) => of !== undefined && of[0] > 0).length,
    ...{ slots, busySlots, stuck },
    utilization: slots === 0 ? null : Math.min(1, busySlots / slots),
  };
}
