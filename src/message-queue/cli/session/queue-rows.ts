import type { BrokerLook } from '../../broker/activity-store.js';
import { EMPTY_SNAPSHOT } from '../../broker/queue-snapshot.js';
import { runsOf, waitsOf } from '../../jobs/activity/durations.js';
import type { Durations } from '../../jobs/activity/durations.js';
import { countOf, isAlive, recordOf } from '../../monitoring/alerts/alert-figures.js';

const MINUTE_MS = 60_000;
/** One queue now, and over the last minutes. */
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
  /** Completed, of the last 5 minutes. */
  readonly perMinute: number;
  /** 0 to 1; null when there was no attempt. */
  readonly failureRate: number | null;
  readonly attempts: number;
  readonly failed: number;
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
  const lately = recordOf(look, queue);
  const [completed, failed] = [countOf(lately, 'completed'), countOf(lately, 'failed')];
  const attempts = completed + failed;
  const workers = look.instances
    .filter((instance) => isAlive(instance, look.at))
    .flatMap(({ queues }) => (Object.hasOwn(queues, queue) ? [queues[queue] ?? [0, 0, 0]] : []));
  const { oldestWaitingAt } = snapshot;
  return {
    ...{ queue, isPaused: snapshot.isPaused, waiting: snapshot.waiting + snapshot.paused },
    ...{
      active: snapshot.active,
      delayed: snapshot.delayed,
      held: snapshot.flow.held,
      dead: snapshot.failed,
    },
    oldestWaitingMs: oldestWaitingAt === null ? null : Math.max(0, look.at - oldestWaitingAt),
    perMinute: completed / minutesOf(look.at),
    failureRate: attempts === 0 ? null : failed / attempts,
    ...{ attempts, failed, waitMs: waitsOf(lately), runMs: runsOf(lately) },
    workers: workers.length,
    slots: workers.reduce((sum, [slots]) => sum + slots, 0),
    busySlots: workers.reduce((sum, [, busy]) => sum + busy, 0),
  };
}

/** Those before the minute under way, and what of it has passed. */
function minutesOf(at: number): number {
  return 5 + (at % MINUTE_MS) / MINUTE_MS;
}
