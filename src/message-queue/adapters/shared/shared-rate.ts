import { kindThat } from '../../../kernel/values/kind.js';
import type { Kind } from '../../../kernel/values/kind.js';
import { isRecord } from '../../../kernel/values/kinds.js';
import { RATE_NAME } from '../../jobs/flow/rate.js';
import type { SharedRate } from '../../jobs/flow/rate.js';
import { MAX_DELAY_MS } from '../../jobs/retry-policy.js';

/** The rate of a channel. */
export function sharedRate(): Kind<SharedRate> {
  return kindThat(
    `what defineRate(name, { limit, perMs, burst? }) returns: a name of 1 to 64 letters, digits, - _ or ., and whole numbers from 1, perMs at most ${MAX_DELAY_MS}`,
    isSharedRate,
  );
}

function isSharedRate(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { name, limit, perMs, burst = 1 } = value;
  return (
    typeof name === 'string' &&
    RATE_NAME.test(name) &&
    isCount(limit) &&
    isCount(burst) &&
    isCount(perMs) &&
    perMs <= MAX_DELAY_MS
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}
