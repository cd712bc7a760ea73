import { randomUUID } from 'node:crypto';

/** Longest job id that is accepted, in characters. */
const MAX_JOB_ID_LENGTH = 200;

/**
 * Ids that are names of Bull's own keys or channels under the queue's prefix. A job with such an id wedges or pauses
 * the queue, or is swallowed.
 */
export const RESERVED_JOB_IDS: ReadonlySet<string> = new Set(
  [
    [
      'active',
      'completed',
      'wait',
      'waiting',
      'paused',
      'resumed',
      'priority',
      'stalled',
      'stalled-check',
      'id',
    ],
    [
      'delayed',
      'failed',
      'repeat',
      'limiter',
      'meta',
      'meta-paused',
      'de',
      'debounced',
      'drained',
      'progress',
    ],
    ['duplicated', 'removed', 'cleaned', 'error', 'events', 'metrics', 'added', 'mq'],
  ].flat(),
);

/** A new job id: `m_` and a random UUID. Never Bull's counter, which rolls back with Redis. */
export function newJobId(): string {
  return `m_${randomUUID()}`;
}

/** What is wrong with a job id, or undefined when it can be used. */
export function jobIdProblem(jobId: unknown): string | undefined {
  if (typeof jobId === 'number') {
    return `must be a text, not the number ${jobId}: numbers are overwritten by generated ids; write "job-${jobId}"`;
  }
  if (typeof jobId !== 'string') return 'must be a text';
  if (jobId === '') return 'must not be empty; leave it out to get a generated one';
  if (jobId.length > MAX_JOB_ID_LENGTH) {
    return `must have at most ${MAX_JOB_ID_LENGTH} characters, has ${jobId.length}`;
  }
  if (/^\d+$/.test(jobId)) {
    return `must not be a number ("${jobId}"): it is overwritten by a generated id; write "job-${jobId}"`;
  }
  if (RESERVED_JOB_IDS.has(jobId)) return `must not be "${jobId}", the name of a key of the queue itself`;
  if (jobId.includes(':')) return 'must not contain ":", which separates the queue’s own keys';
  if (/\p{Cc}/u.test(jobId)) return 'must not contain control characters';
  return undefined;
}
