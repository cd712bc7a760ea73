import { BrokerUnavailableError, IdempotencyConflictError, QueueFullError } from '../../jobs/errors.js';

/** Which add an error is about. */
export interface AddPlace {
  readonly queue: string;
  readonly job: string;
  /** Missing where the id is of no use: for a schedule, or before the job has one. */
  readonly jobId?: string;
}

/** What the broker's store holds, and how to make room. */
export interface FullStore {
  /** The beginning of a sentence: who is full, how much it holds and how much it may. */
  readonly state: string;
  /** What to do besides trying again: `let the workers finish, or raise maxmemory`. */
  readonly remedy: string;
  /** What it holds; 0 when that is not known. */
  readonly held: number;
  readonly limit: number;
  readonly cause?: unknown;
}

/** After a queue or the broker's store was full: when to try again, milliseconds. */
const RETRY_AFTER_MS = 1_000;

/** As many jobs of the queue wait as may. */
export function queueFull(place: AddPlace, depth: number, maxWaiting: number): QueueFullError {
  return new QueueFullError(
    `Queue "${place.queue}" is full: ${waiting(depth)} and its limit (maxWaiting) is ${maxWaiting}, so ` +
      `${jobOf(place)} was not added. Try again in ${RETRY_AFTER_MS} ms, add workers, or raise maxWaiting.`,
    depth,
    maxWaiting,
    RETRY_AFTER_MS,
    place,
  );
}

/** As many jobs of one tenant wait as may: others can still add. The message does not name it: messages are logged. */
export function tenantFull(place: AddPlace, tenant: string, depth: number, limit: number): QueueFullError {
  return new QueueFullError(
    `A tenant of queue "${place.queue}" is full: ${waiting(depth)} and its limit (flow.tenant.maxWaiting) is ${limit}, so ` +
      `${jobOf(place)} was not added. Try again in ${RETRY_AFTER_MS} ms, or raise flow.tenant.maxWaiting.`,
    depth,
    limit,
    RETRY_AFTER_MS,
    place,
    tenant,
  );
}

/** The store of all queues is full. Adds resume by themselves. */
export function storeFull(place: AddPlace, store: FullStore): QueueFullError {
  return new QueueFullError(
    `${store.state}, so ${jobOf(place)} was not added to queue "${place.queue}". Try again in ${RETRY_AFTER_MS} ms, ` +
      `${store.remedy}.`,
    store.held,
    store.limit,
    RETRY_AFTER_MS,
    { ...place, cause: store.cause },
  );
}

/** The queue is closed in this process. The job was certainly not added. */
export function queueClosed(place: AddPlace): BrokerUnavailableError {
  return new BrokerUnavailableError(
    `Queue "${place.queue}" is closed: ${jobOf(place)} was not added. Add it again once the app runs.`,
    place,
  );
}

/**
 * An idempotency key was used before for another payload.
 * @param place of the job that the key stands for
 * @param fingerprints of that job's payload and of the new one, unless they are nobody's business
 */
export function keyConflict(
  place: Required<AddPlace>,
  key: string,
  fingerprints?: { readonly used: string; readonly now: string },
): IdempotencyConflictError {
  const both =
    fingerprints === undefined ? '' : ` (fingerprint ${fingerprints.used}, now ${fingerprints.now})`;
  return new IdempotencyConflictError(
    `Idempotency key "${key}" of queue "${place.queue}" belongs to job "${place.jobId}", which has another payload${both}. ` +
      'Use a new key for a new payload.',
    place,
  );
}

function waiting(depth: number): string {
  return `${depth} ${depth === 1 ? 'job is' : 'jobs are'} waiting`;
}

/** The job of an add as messages name it. */
export function jobOf({ job, jobId }: AddPlace): string {
  return jobId === undefined ? `job "${job}"` : `job "${jobId}"`;
}
