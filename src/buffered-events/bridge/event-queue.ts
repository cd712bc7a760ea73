import { defineQueue } from '../../message-queue/index.js';
import { EventJobDto } from './event-job.dto.js';

/**
 * Where events wait that must survive the process: those that a bus could not handle before it stopped, and any that a host adds. Its jobs are
 * retried by the bus first, so they may take long, and few attempts do.
 */
export const EVENT_QUEUE = defineQueue({
  name: 'buffered-events',
  description: 'Events that outlive the process, on their way to the bus.',
  jobs: { event: EventJobDto },
  concurrency: 50,
  attempts: 3,
  backoff: { type: 'exponential', delayMs: 5_000 },
  timeoutMs: 600_000,
});
