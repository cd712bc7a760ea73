import type { EventPercentiles } from './judge-words.js';

/** Classes of a histogram: entry n counts what took 2ⁿ⁻¹ up to 2ⁿ microseconds, entry 0 less than one, the last all beyond. */
export const CLASSES = 24;

const MICROS_PER_MS = 1_000;

/** Of a histogram's counts; within a class they are taken to be spread evenly. */
export function percentilesOf(counts: ArrayLike<number>): EventPercentiles {
  return { p50: percentile(counts, 0.5), p95: percentile(counts, 0.95), p99: percentile(counts, 0.99) };
}

/** Upper bound of a class, milliseconds; of the last it is where the class begins, for it has none. */
export function upperBoundMs(index: number): number {
  return 2 ** Math.min(index, CLASSES - 2) / MICROS_PER_MS;
}

/** What the counts are together, each taken to be in the middle of its class; milliseconds. */
export function estimatedSumMs(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < counts.length; index++) {
    const from = index === 0 ? 0 : upperBoundMs(index - 1);
    sum += ((from + upperBoundMs(index)) / 2) * (counts[index] as number);
  }
  return rounded(sum);
}

function percentile(counts: ArrayLike<number>, share: number): number {
  let total = 0;
  for (let index = 0; index < counts.length; index++) total += counts[index] as number;
  if (total === 0) return 0;
  let left = share * total;
  let index = 0;
  while (index < counts.length - 1 && left > (counts[index] as number)) left -= counts[index++] as number;
  const from = index === 0 ? 0 : upperBoundMs(index - 1);
  const part = Math.min(1, left / Math.max(1, counts[index] as number));
  return rounded(from + (upperBoundMs(index) - from) * part);
}

/** To microseconds: what is beyond was never measured. */
export function rounded(ms: number): number {
  return Math.round(ms * MICROS_PER_MS) / MICROS_PER_MS;
}
