import type {
  EventsReading,
  MonitoredEvents,
  MonitoredLetter,
} from '../../src/kernel/monitored/monitored-events.js';

const PERCENTILES = { p50: 0.4, p95: 6.2, p99: 31 };

/** A bus that has run for a while, with something to see everywhere. */
export const BUSY_EVENTS: EventsReading = {
  ...{ phase: 'running', isEnabled: true, status: 'degraded' },
  alerts: [
    {
      ...{ code: 'THREADS_MISSING', severity: 'degraded', value: 3, limit: 4 },
      message:
        '3 of 4 worker threads are alive; the others start, or died and start again. See in the log why.',
      since: Date.UTC(2026, 10, 28, 14, 24, 1),
    },
    {
      ...{ code: 'DEAD_LETTERS', severity: 'degraded', value: 2, limit: 0 },
      message:
        '2 events became dead letters within the last minute; 3 are kept. Look at them with getDeadLetterQueue(), mend the cause, then replay or discard them.',
      since: Date.UTC(2026, 10, 28, 14, 25, 40),
    },
  ],
  ...{ size: 1_204, utilization: 0.1204, memoryUsage: 0.084 },
  emittedInLanes: { critical: 1_930, normal: 412_020, low: 88_000 },
  readyInLanes: { critical: 0, normal: 930, low: 240, suspects: 1, main: 4 },
  ...{ done: 500_681, failed: 74, refused: 12, unhandled: 3, retries: 61, waitingRetries: 5, crashes: 1 },
  stalls: 0,
  deadLetters: { kept: 3, total: 13, dropped: 0 },
  ...{ inputPerSecond: 512, donePerSecond: 498, waitMs: PERCENTILES, runMs: { p50: 1.8, p95: 12, p99: 48 } },
  waits: { classes: classes(9, 400_000, 13, 100_000), sumMs: 420_000 },
  runs: { classes: classes(11, 500_000, 14, 755), sumMs: 910_000 },
  ...{ busyMs: 9_400, mainThreadPercent: 1.3, isFallback: false },
  threads: { wanted: 4, live: 3, restarts: 2 },
  places: [
    { owner: 0, isLive: true, running: 0, done: 4_210, failed: 0 },
    { owner: 1, isLive: true, running: 8, done: 181_300, failed: 31 },
    { owner: 2, isLive: true, running: 10, done: 180_950, failed: 20 },
    { owner: 3, isLive: true, running: 9, done: 121_000, failed: 22 },
    { owner: 4, isLive: false, running: 0, done: 13_221, failed: 1 },
  ],
};

const LETTERS: readonly MonitoredLetter[] = [
  ['k3f9a1-9s2', 'user.registered', 'DependencyUnavailableError', 4, 0, 40_000],
  ['k3f9a1-9ro', 'report.rendered', 'WorkerCrashedError', 1, 3, 61_000],
  ['k3f9a1-8zz', 'user.registered', 'EventTimeoutError', 4, 0, 3_900_000],
].map(([id, type, error, attempts, crashes, ago]) => {
  const at = Date.UTC(2026, 10, 28, 14, 26, 8) - Number(ago);
  return { id, type, error, attempts, crashes, at } as MonitoredLetter;
});

function classes(...counts: readonly number[]): number[] {
  const all = new Array<number>(24).fill(0);
  for (let index = 0; index < counts.length; index += 2)
    all[counts[index] as number] = counts[index + 1] as number;
  return all;
}

/** A bus as operations see one, without one. */
export class FakeEvents implements MonitoredEvents {
  letters: readonly MonitoredLetter[] = LETTERS;
  reading: EventsReading = BUSY_EVENTS;

  read(): EventsReading {
    return this.reading;
  }

  deadLetters(most: number): readonly MonitoredLetter[] {
    return this.letters.slice(0, most);
  }

  replay(ids: readonly string[] | undefined): Promise<number> {
    return this.drop(ids);
  }

  discard(ids: readonly string[] | undefined): Promise<number> {
    return this.drop(ids);
  }

  private drop(ids: readonly string[] | undefined): Promise<number> {
    const before = this.letters.length;
    this.letters = ids === undefined ? [] : this.letters.filter(({ id }) => !ids.includes(id));
    return Promise.resolve(before - this.letters.length);
  }
}
