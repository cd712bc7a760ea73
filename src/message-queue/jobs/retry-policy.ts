import type { JobOptions } from 'bull';
import type { BackoffPolicy } from './queue-settings.js';

/** Name of our backoff strategy in Bull's options: `backoff: { type: 'mq', delay, options: BackoffPolicy }`. */
export const MESSAGE_QUEUE_BACKOFF = 'mq';

/**
 * Longest delay of a job: five years in milliseconds. Bull packs a delayed job's due time and a sequence number into
 * one double; much later dates would no longer fit.
 */
export const MAX_DELAY_MS = 5 * 365 * 24 * 60 * 60 * 1000;

/**
 * Delay before a retry, whole milliseconds: `fixed` → base, `exponential` → base · 2^(retry−1); then bounded by
 * `maxDelayMs`, then jitter takes a random share off (a delay d becomes d·(1−jitter) … d).
 * @param retry 1 for the retry after the first failure
 * @param random a number from 0 up to 1; replaced in tests
 */
export function retryDelayMs(
  policy: BackoffPolicy,
  retry: number,
  random: () => number = Math.random,
): number {
  const factor = policy.type === 'exponential' ? 2 ** (Math.max(1, retry) - 1) : 1;
  const bounded = Math.min(policy.delayMs * factor, policy.maxDelayMs ?? MAX_DELAY_MS, MAX_DELAY_MS);
  const jitter = policy.jitter ?? 0;
  return Math.round(jitter === 0 ? bounded : bounded * (1 - jitter * random()));
}

/** Whether a stored value is a policy that {@link retryDelayMs} can work with (stored jobs may come from anywhere). */
export function isBackoffPolicy(value: unknown): value is BackoffPolicy {
  if (typeof value !== 'object' || value === null) return false;
  const { type, delayMs, maxDelayMs, jitter } = value as Partial<Record<keyof BackoffPolicy, unknown>>;
  return (
    (type === 'fixed' || type === 'exponential') &&
    isDelay(delayMs) &&
    (maxDelayMs === undefined || isDelay(maxDelayMs)) &&
    (jitter === undefined || (typeof jitter === 'number' && jitter >= 0 && jitter <= 1))
  );
}

/**
 * Delay before a retry of any stored job, whole milliseconds. Ours (`mq`) and Bull's own forms keep their meaning:
 * a number or `fixed` → that delay; Bull's `exponential` → (2^retry − 1) · delay; none → 0. A type or a delay that
 * makes no sense (a strategy of another program) → the queue's policy, because Bull would leave such a job stalled.
 * @param retry 1 for the retry after the first failure
 */
export function backoffDelayMs(
  backoff: JobOptions['backoff'] | null,
  retry: number,
  queuePolicy: BackoffPolicy,
  random: () => number = Math.random,
): number {
  if (backoff === undefined || backoff === null) return 0;
  if (typeof backoff === 'number') return bullDelayMs(backoff, 1) ?? retryDelayMs(queuePolicy, retry, random);
  if (backoff.type === MESSAGE_QUEUE_BACKOFF) {
    return retryDelayMs(mqPolicyOf(backoff.options, backoff.delay, queuePolicy), retry, random);
  }
  const factor = backoff.type === 'fixed' ? 1 : backoff.type === 'exponential' ? 2 ** retry - 1 : Number.NaN;
  return bullDelayMs(backoff.delay, factor) ?? retryDelayMs(queuePolicy, retry, random);
}

/**
 * For a plain Bull consumer of our queues: `new Bull(name, { settings: { backoffStrategies: messageQueueBackoffStrategies } })`.
 * Without it Bull cannot retry our jobs: they stall and end failed.
 */
export const messageQueueBackoffStrategies: Readonly<
  Record<string, (attemptsMade: number, error: Error, options?: unknown) => number>
> = {
  [MESSAGE_QUEUE_BACKOFF]: (attemptsMade, _error, options) =>
    retryDelayMs(mqPolicyOf(options, undefined, FALLBACK_POLICY), attemptsMade),
};

/** Only for a `mq` backoff without usable options, which this library never writes. */
const FALLBACK_POLICY: BackoffPolicy = { type: 'exponential', delayMs: 1000 };

function mqPolicyOf(options: unknown, delay: unknown, otherwise: BackoffPolicy): BackoffPolicy {
  if (isBackoffPolicy(options)) return options;
  return isDelay(delay) ? { type: 'exponential', delayMs: delay } : otherwise;
}

function bullDelayMs(delay: unknown, factor: number): number | undefined {
  if (!isDelay(delay) || Number.isNaN(factor)) return undefined;
  return Math.round(Math.min(delay * factor, MAX_DELAY_MS));
}

function isDelay(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
