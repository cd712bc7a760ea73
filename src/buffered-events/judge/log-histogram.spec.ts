import { CLASSES, percentilesOf, upperBoundMs } from './log-histogram.js';

function histogram(...micros: readonly number[]): Float64Array {
  const counts = new Float64Array(CLASSES);
  for (const value of micros) {
    const index = Math.min(CLASSES - 1, 32 - Math.clz32(value));
    counts[index] = (counts[index] as number) + 1;
  }
  return counts;
}

describe('percentiles of a histogram of powers of two', () => {
  it('are zeros of nothing', () => {
    expect(percentilesOf(histogram())).toEqual({ p50: 0, p95: 0, p99: 0 });
  });

  it('are never off by more than the class they are in', () => {
    const values = Array.from({ length: 1_000 }, (_, index) => Math.round(1.012 ** index * 10));
    const { p50, p95, p99 } = percentilesOf(histogram(...values));
    for (const [share, found] of [
      [0.5, p50],
      [0.95, p95],
      [0.99, p99],
    ] as const) {
      const exact = (values[Math.floor(share * 1_000)] as number) / 1_000;
      expect(found / exact).toBeGreaterThan(0.5);
      expect(found / exact).toBeLessThan(2);
    }
    expect(p50).toBeLessThan(p95);
    expect(p95).toBeLessThan(p99);
  });

  it('end where the last class begins: it has no upper bound', () => {
    expect(percentilesOf(histogram(2 ** 30)).p99).toBe(upperBoundMs(CLASSES - 2));
    expect(upperBoundMs(CLASSES - 1)).toBe(upperBoundMs(CLASSES - 2));
  });
});
