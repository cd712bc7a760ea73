import type { BrokerLook } from '../../broker/activity-store.js';
import { EMPTY_SNAPSHOT } from '../../broker/queue-snapshot.js';
import type { Durations } from '../../jobs/activity/durations.js';
import { toStats } from '../../monitoring/queue-figures.js';
import { NO_SIGHT } from './no-sight.js';

/** One queue now, and over the last 5 minutes of all processes. */
export interface QueueNow {
  readonly queue: string;
  readonly isPaused: boolean;
  /** Waiting, those of a paused queue included. */
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly held: number;
  readonly dead: number;
  readonly oldestWaitingMs: number | null;
  /** Completed. */
  readonly perMinute: number;
  readonly attempts: number;
  /** 0 to 1; null when there was no attempt. */
  readonly failureRate: number | null;
  readonly waitMs: Durations;
  readonly runMs: Durations;
  readonly workers: number;
  readonly slots: number;
  readonly busySlots: number;
}

/** The rows of all queues that were looked at; those that nobody announces and that hold nothing are left out. */
export function queueRows(look: BrokerLook): QueueNow[] {
  const announced = new Set(look.announced.map(({ name }) => name));
  return [...look.counts.keys()]
    .map((queue) => queueRow(look, queue))
    .filter((row) => announced.has(row.queue) || row.waiting + row.active + row.delayed + row.dead > 0);
}

function queueRow(look: BrokerLook, queue: string): QueueNow {
  const snapshot = look.counts.get(queue) ?? EMPTY_SNAPSHOT;
  const unknown = { count: snapshot.unknown, kinds: [] };
  const stats = toStats({ look, queue, snapshot, unknown, sight: NO_SIGHT });
  const { isPaused, active, delayed, held, failed: dead, oldestWaitingMs, perMinute, attempts } = stats;
  const { failureRate, waitMs, runMs, workers, slots, busySlots } = stats;
  return {
    ...{ queue, isPaused, waiting: stats.waiting + stats.paused, active, delayed, held, dead },
    ...{ oldestWaitingMs, perMinute, attempts, failureRate, waitMs, runMs, workers, slots, busySlots },
  };
}
