import type { BackoffOptions } from 'bull';

/** Equal to Bull: a named backoff strategy, as its `settings.backoffStrategies` has them. May be async; −1 means: do not retry. */
export type BackoffStrategy = (
  attemptsMade: number,
  error: Error,
  options: unknown,
) => number | Promise<number>;

/** A number is a fixed delay, as in Bull. */
export function normaliseBackoff(
  backoff: number | BackoffOptions | null | undefined,
): BackoffOptions | undefined {
  if (typeof backoff === 'number' && Number.isFinite(backoff)) return { type: 'fixed', delay: backoff };
  return typeof backoff === 'object' && backoff !== null ? backoff : undefined;
}

/**
 * Delay before the next try in milliseconds, as Bull computes it; undefined or 0 means at once, −1 not at all.
 * @throws Error when the strategy is not known
 */
export function backoffDelay(
  backoff: BackoffOptions | undefined,
  attemptsMade: number,
  strategies: Readonly<Record<string, BackoffStrategy>>,
  error: Error,
): number | Promise<number> | undefined {
  if (backoff === undefined) return undefined;
  if (Object.hasOwn(strategies, backoff.type)) {
    return strategies[backoff.type]?.(attemptsMade, error, backoff.options ?? null);
  }
  if (backoff.type === 'fixed') return backoff.delay;
  if (backoff.type === 'exponential')
    return Math.round((2 ** attemptsMade - 1) * (backoff.delay ?? Number.NaN));
  throw new Error(
    `Unknown backoff strategy ${backoff.type}. If a custom backoff strategy is used, specify it when the queue is created.`,
  );
}
