import type { BackoffPolicy } from './queue-settings.js';
import {
  backoffDelayMs,
  MAX_DELAY_MS,
  MESSAGE_QUEUE_BACKOFF,
  messageQueueBackoffStrategies,
  retryDelayMs,
} from './retry-policy.js';

const first = (count: number, delay: (retry: number) => number): number[] =>
  Array.from({ length: count }, (_, index) => delay(index + 1));

describe('retryDelayMs', () => {
  it('doubles from the base: 2 s, 4, 8, 16, 32', () => {
    const policy: BackoffPolicy = { type: 'exponential', delayMs: 2000 };
    expect(first(5, (retry) => retryDelayMs(policy, retry))).toEqual([2000, 4000, 8000, 16000, 32000]);
  });

  it('stays the same when fixed', () => {
    expect(first(3, (retry) => retryDelayMs({ type: 'fixed', delayMs: 10_000 }, retry))).toEqual([
      10_000, 10_000, 10_000,
    ]);
  });

  it('never passes maxDelayMs, nor what a queue can keep', () => {
    const policy: BackoffPolicy = { type: 'exponential', delayMs: 1000, maxDelayMs: 3000 };
    expect(first(4, (retry) => retryDelayMs(policy, retry))).toEqual([1000, 2000, 3000, 3000]);
    expect(retryDelayMs({ type: 'exponential', delayMs: 1000 }, 5000)).toBe(MAX_DELAY_MS);
  });

  it('takes a random share off the bounded delay', () => {
    const policy: BackoffPolicy = { type: 'exponential', delayMs: 1000, maxDelayMs: 4000, jitter: 0.5 };
    expect(retryDelayMs(policy, 5, () => 0)).toBe(4000);
    expect(retryDelayMs(policy, 5, () => 0.5)).toBe(3000);
    expect(retryDelayMs(policy, 5, () => 0.9999)).toBe(2000);
    const drawn = first(200, () => retryDelayMs(policy, 1));
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(1000);
    expect(new Set(drawn).size).toBeGreaterThan(10);
  });
});

describe('backoffDelayMs', () => {
  const queue: BackoffPolicy = { type: 'fixed', delayMs: 777 };
  const delays = (backoff: Parameters<typeof backoffDelayMs>[0]): number[] =>
    first(3, (retry) => backoffDelayMs(backoff, retry, queue));

  it.each([
    ['none', undefined, [0, 0, 0]],
    ['a number', 50, [50, 50, 50]],
    ['Bull’s fixed', { type: 'fixed', delay: 60 }, [60, 60, 60]],
    ['Bull’s exponential', { type: 'exponential', delay: 100 }, [100, 300, 700]],
    ['ours', { type: 'mq', delay: 5, options: { type: 'exponential', delayMs: 5 } }, [5, 10, 20]],
    ['ours without options', { type: 'mq', delay: 7 }, [7, 14, 28]],
    ['ours with broken options', { type: 'mq', options: { delayMs: null } }, [777, 777, 777]],
    ['an unknown strategy', { type: 'fibonacci', delay: 9 }, [777, 777, 777]],
    ['a delay that is not a number', { type: 'fixed', delay: Number.NaN }, [777, 777, 777]],
    ['a negative number', -5, [777, 777, 777]],
  ])('knows %s', (_name, backoff, expected) => {
    expect(delays(backoff)).toEqual(expected);
  });
});

describe('messageQueueBackoffStrategies', () => {
  it('gives a plain Bull consumer the same delays', () => {
    const strategy = messageQueueBackoffStrategies[MESSAGE_QUEUE_BACKOFF];
    const policy: BackoffPolicy = { type: 'exponential', delayMs: 3000 };
    expect(first(3, (made) => strategy?.(made, new Error('x'), policy) ?? -1)).toEqual([3000, 6000, 12000]);
    expect(strategy?.(2, new Error('x'), null)).toBe(2000);
  });
});
