import type { QueueSnapshot } from '../../broker/broker.js';
import { ageInWords } from '../../../kernel/time/age-in-words.js';
import { quoted } from '../../../kernel/values/words.js';
import { degraded } from '../health-reasons.js';
import type { HealthReason } from '../queue-health.js';

/**
 * A key that stands still for a dead letter, until somebody says what becomes of that. A group that is paused is no reason, since somebody meant
 * it to be; nor is a tenant that uses all of its slots, since that is what they are for.
 */
export function parkedKey(
  queue: string,
  { flow: { parked, oldestParked } }: Pick<QueueSnapshot, 'flow'>,
  now: number,
): HealthReason | null {
  if (oldestParked === null) return null;
  const { key, jobId, since } = oldestParked;
  const others = parked > 1 ? `, and ${parked - 1} more keys stand still` : '';
  const name = quoted(key);
  return degraded(
    'KEY_PARKED',
    `The key ${name} of "${queue}" has stood still for ${ageInWords(now - since)}, since job "${jobId}" became a dead letter${others}. Repair what it failed for; then ` +
      `groups.release('${queue}', { key: ${name} }, 'replay') runs it again before those that wait behind it, and 'discard' goes on without it. The page Groups of the board has both.`,
  );
}
