interface Series {
  count: number;
  prevTS: number | null;
  prevCount: number;
  points: number[];
}

/** Equal to Bull: finished jobs per minute, as its `metrics` option collects them. */
export class JobMetrics {
  private readonly series = new Map<string, Series>();

  /** @param maxDataPoints minutes to remember; undefined collects nothing */
  constructor(private readonly maxDataPoints: number | undefined) {}

  collect(type: 'completed' | 'failed', now: number): void {
    if (this.maxDataPoints === undefined) return;
    let series = this.series.get(type);
    if (series === undefined) this.series.set(type, (series = emptySeries()));
    const countBefore = series.count;
    series.count += 1;
    if (series.prevTS === null) {
      series.prevTS = now;
      series.prevCount = 0;
      return;
    }
    const minutes = Math.min(
      Math.floor(now / 60_000) - Math.floor(series.prevTS / 60_000),
      this.maxDataPoints,
    );
    if (minutes <= 0) return;
    const idle = new Array<number>(minutes - 1).fill(0);
    series.points = [...idle, countBefore - series.prevCount, ...series.points].slice(0, this.maxDataPoints);
    series.prevCount = countBefore;
    series.prevTS = now;
  }

  /** Points `start` to `end`, newest first; a negative `end` counts from the oldest. Text, as Redis has them. */
  read(type: string, start: number, end: number): { meta: Meta; data: string[]; count: number } {
    const series = this.series.get(type) ?? emptySeries();
    const { points } = series;
    return {
      meta: { count: series.count, prevTS: series.prevTS ?? 0, prevCount: series.prevCount },
      data: points.slice(start, end < 0 ? points.length + end + 1 : end + 1).map(String),
      count: points.length,
    };
  }

  clear(): void {
    this.series.clear();
  }
}

interface Meta {
  count: number;
  prevTS: number;
  prevCount: number;
}

function emptySeries(): Series {
  return { count: 0, prevTS: null, prevCount: 0, points: [] };
}
