import { randomFillSync } from 'node:crypto';
import { ILL_FORMED, isWellFormed } from '../../kernel/values/well-formed.js';
import { kind, Refusal } from '../../kernel/values/kind.js';

/** Longest job id that is accepted, in characters. */
const MAX_JOB_ID_LENGTH = 200;
const OVERWRITTEN = 'a number is overwritten by a generated id';

/**
 * Ids that are names of Bull's own keys or channels under the queue's prefix. A job with such an id would block or
 * pause the queue, or be lost.
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

const RANDOM_BYTES = 12;
const pool = Buffer.alloc(RANDOM_BYTES * 512);
let used = pool.length;

/** A new job id: `m_` and 96 random bits, 18 characters. Never Bull's counter, which rolls back with Redis. */
export function newJobId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += RANDOM_BYTES;
  return 'm_' + pool.toString('base64url', used - RANDOM_BYTES, used);
}

/** A job id that a caller chose. */
export const JOB_ID = kind<string>(`an id of 1 to ${MAX_JOB_ID_LENGTH} characters`, (value) => {
  if (typeof value === 'number') return new Refusal(`${OVERWRITTEN}: write "job-${value}"`);
  if (typeof value !== 'string') return new Refusal();
  if (value === '') return new Refusal('leave it out to get a generated one');
  if (value.length > MAX_JOB_ID_LENGTH) return new Refusal(`it has ${value.length} characters`);
  if (/^\d+$/.test(value)) return new Refusal(`${OVERWRITTEN}: write "job-${value}"`);
  if (RESERVED_JOB_IDS.has(value)) return new Refusal('that is the name of a key of the queue itself');
  if (value.includes(':')) return new Refusal('":" separates the queue’s own keys');
  if (!isWellFormed(value)) return new Refusal(ILL_FORMED);
  return /\p{Cc}/u.test(value) ? new Refusal('it has control characters') : value;
});
