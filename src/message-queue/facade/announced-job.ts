import { didYouMean } from '../../kernel/values/did-you-mean.js';
import type { AnnouncedQueue } from '../broker/activity-store.js';
import type { AddRequest } from '../broker/broker.js';
import { UnknownJobNameError, UnsupportedOperationError } from '../jobs/errors.js';
import { mapEnqueueOptions } from '../admission/job-options.js';
import type { EnqueueOptions } from '../admission/job-options.js';

/** A job by hand for a queue that this process has not registered. */
export interface AnnouncedJob {
  readonly job: string;
  /** Checked by the worker that runs it: its class is known there alone. */
  readonly payload: object;
  readonly options: EnqueueOptions;
  /** Of the payload, where its queue has several. */
  readonly version?: number;
  /** Milliseconds since the epoch, by the broker's clock. */
  readonly now: number;
}

/**
 * The job as it is added to a queue that others have announced.
 * @throws UnknownJobNameError; UnsupportedOperationError where payloads are sealed, with keys that this process does not have, and
 * for an idempotency key; InvalidJobOptionsError
 */
export function announcedJob(
  { name: queue, jobs, isSealed }: AnnouncedQueue,
  { job, payload, options, version, now }: AnnouncedJob,
): AddRequest {
  const place = { queue, job };
  if (!jobs.includes(job)) {
    const message = `Queue "${queue}" has no job ${JSON.stringify(job)}.${didYouMean(job, jobs)} It has: ${jobs.join(', ')}.`;
    throw new UnknownJobNameError(message, place);
  }
  if (isSealed) {
    throw new UnsupportedOperationError(
      `Payloads of "${queue}" are sealed with keys of the app, which this process does not have: in Redis they would stand in plain text. Add the job in an app that registers the queue, or by the REST interface of one.`,
      place,
    );
  }
  if (options.idempotencyKey !== undefined) {
    throw new UnsupportedOperationError(
      `Queue "${queue}" is registered in other processes only, and what an idempotency key belongs to is known there. Give the job an id (jobId) instead: the same id adds once.`,
      place,
    );
  }
  const mapped = mapEnqueueOptions(place, options, now, { version });
  return { name: job, data: payload, ...mapped, idempotency: undefined };
}
