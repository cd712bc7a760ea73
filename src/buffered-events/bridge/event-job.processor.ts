import { ModuleRef } from '@nestjs/core';
import { JobHandler, Processor, RetryLater } from '../../message-queue/index.js';
import type { JobContext } from '../../message-queue/index.js';
import { EventBus } from '../bus/event-bus.js';
import { EventBufferFullError, EventBusClosedError } from '../events/errors.js';
import { EventJobDto } from './event-job.dto.js';
import { EVENT_QUEUE } from './event-queue.js';

/** When a bus is asked again that takes nothing for now, milliseconds. */
const ASK_AGAIN_MS = 1_000;

/**
 * Gives the jobs of {@link EVENT_QUEUE} to the bus. A job is completed when its event was handled, not when it was stored: until then the
 * queue has it, should the process die. An event that fails for good is a failed attempt of its job, and no dead letter of the bus.
 */
@Processor(EVENT_QUEUE.name)
export class EventJobProcessor {
  constructor(private readonly moduleRef: ModuleRef) {}

  @JobHandler(EVENT_QUEUE, 'event')
  async event(job: EventJobDto, { signal }: JobContext): Promise<void> {
    const { type, payload, priority, correlationId } = job;
    const bus = this.moduleRef.get(EventBus, { strict: false });
    try {
      await Promise.race([bus.emitHandled(type, payload, { priority, correlationId }), aborted(signal)]);
    } catch (error) {
      // A full bus, or one that stops, says nothing against the event.
      if (error instanceof EventBufferFullError || error instanceof EventBusClosedError) {
        throw new RetryLater(ASK_AGAIN_MS, error.message);
      }
      throw error;
    }
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
