import { DuplicateRegistrationError } from '../../../kernel/errors.js';
import { HandlerRegistrationError, UnknownQueueError } from '../../jobs/errors.js';

/** A broker was asked for a second queue of a name. */
export function queueTwice(queue: string): DuplicateRegistrationError {
  return new DuplicateRegistrationError(`Queue "${queue}" was created twice. Register it once.`, { queue });
}

/** A broker was handed a queue that is not its own. */
export function foreignQueue(queue: string): UnknownQueueError {
  return new UnknownQueueError(
    `Queue "${queue}" was not created by this broker. Use the queue that its createQueue() returned.`,
    { queue },
  );
}

/** A queue was to get a second worker in one process. */
export function workerTwice(queue: string): HandlerRegistrationError {
  return new HandlerRegistrationError(
    `Queue "${queue}" has a worker in this process already. Stop that one first, or raise its concurrency.`,
    { queue },
  );
}

/**
 * Bull's `process()` was called on a queue whose jobs our worker runs.
 * @param args of the call; the first one may be a job's name
 */
export function processRefused(queue: string, args: readonly unknown[]): HandlerRegistrationError {
  const job = typeof args[0] === 'string' ? args[0] : 'job-name';
  return new HandlerRegistrationError(
    `Queue "${queue}" is managed: its jobs cannot be taken with process() or @Process(). Put @JobHandler('${job}') on a ` +
      `method of a class with @Processor('${queue}'); concurrency is a setting of the queue.`,
    { queue, job },
  );
}
