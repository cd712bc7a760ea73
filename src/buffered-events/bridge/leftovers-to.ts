import { MessageQueueError } from '../../kernel/errors.js';
import { SafeLogger } from '../../kernel/host/safe-logger.js';
import { JobPriority } from '../../message-queue/index.js';
import type { BulkReceipt, MessageQueueService } from '../../message-queue/index.js';
import type { EventPriority, LeftoverEvent } from '../events/event-words.js';
import type { EventJobDto } from './event-job.dto.js';
import { EVENT_QUEUE } from './event-queue.js';

/** Some leftovers were not put on the queue: they are lost. How many, and why, is in the log. */
export class LeftoversLostError extends MessageQueueError {
  readonly code = 'LEFTOVERS_LOST';

  /** @param kept leftovers that the queue has @param lost those it has not */
  constructor(
    readonly kept: number,
    readonly lost: number,
    why: string,
  ) {
    super(
      `${lost} of ${kept + lost} leftover events could not be put on queue "${EVENT_QUEUE.name}" (${why}): they are lost. ${kept} are there.`,
    );
  }
}

const LEVELS: Readonly<Record<EventPriority, JobPriority>> = {
  critical: JobPriority.CRITICAL,
  normal: JobPriority.NORMAL,
  low: JobPriority.LOW,
};

/**
 * An `onLeftover` that puts what the bus could not handle on {@link EVENT_QUEUE}, each event as a job with the event's id: given twice, it
 * is there once. {@link EventBridgeModule} gives the jobs to the next bus.
 * @throws LeftoversLostError, after all were tried
 */
export function leftoversTo(
  queue: Pick<MessageQueueService, 'enqueueMany'>,
): (events: readonly LeftoverEvent[]) => Promise<void> {
  const logger = new SafeLogger('BufferedEvents');
  return async (events) => {
    const receipts = await queue.enqueueMany(
      EVENT_QUEUE,
      'event',
      events.map((event) => ({
        payload: jobOf(event),
        options: { jobId: event.id, correlationId: event.correlationId, priority: LEVELS[event.priority] },
      })),
    );
    const lost = receipts.flatMap((receipt) => ('error' in receipt ? [receipt] : []));
    if (lost.length === 0) return;
    const error = new LeftoversLostError(receipts.length - lost.length, lost.length, reasonsOf(lost));
    logger.error(error.message);
    throw error;
  };
}

function jobOf({ type, priority, correlationId, emittedAt, ...event }: LeftoverEvent): EventJobDto {
  return { type, payload: event.payload as unknown, priority, correlationId, emittedAt };
}

/** How often each kind of error is among them. */
function reasonsOf(lost: readonly Extract<BulkReceipt, { error: unknown }>[]): string {
  const counts = new Map<string, number>();
  for (const { error } of lost) counts.set(error.code, (counts.get(error.code) ?? 0) + 1);
  return [...counts].map(([code, count]) => `${code} ${count}`).join(', ');
}
