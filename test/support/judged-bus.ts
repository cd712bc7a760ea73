import { ManualClock } from '../../src/kernel/time/manual-clock.js';
import type { BusReadings, ConsumerReading } from '../../src/buffered-events/bus/bus-readings.js';
import type { EventBusSettings } from '../../src/buffered-events/configuration/event-bus-settings.js';
import { BusJudge } from '../../src/buffered-events/judge/bus-judge.js';
import { CLASSES } from '../../src/buffered-events/judge/log-histogram.js';

/** Some of the values, at any depth. */
export type Change<T> = {
  -readonly [K in keyof T]?: T[K] extends readonly unknown[]
    ? T[K]
    : T[K] extends object
      ? Change<T[K]>
      : T[K];
};
export type JudgeSettings = Pick<
  EventBusSettings,
  'monitoring' | 'performance' | 'fallbackToSync' | 'threads'
>;

/** A bus with two threads that has not done anything. */
export const QUIET: BusReadings = {
  ...{ enabled: true, phase: 'running', emitted: 0, emittedInLanes: [0, 0, 0], busyMs: 0, unhandled: 0 },
  ...{ refused: 0, waitingEmits: 0, retries: 0, waitingRetries: 0, crashes: 0 },
  deadLetters: { kept: 0, total: 0, dropped: 0, replayed: 0, discarded: 0 },
  ...{ size: 0, utilization: 0, memoryUsage: 0, full: false, fallback: false, consumers: [] },
  ready: { critical: 0, normal: 0, low: 0, suspects: 0, main: 0 },
  threads: { wanted: 2, live: 2, restarts: 0, deaths: 0, stalls: 0 },
};

export const SETTINGS: JudgeSettings = {
  monitoring: { enabled: true, metricsInterval: 1_000, healthMonitoring: true, healthCheckInterval: 5_000 },
  performance: {
    maxInputRate: null,
    targetProcessingRate: 500,
    maxMainThreadImpact: 5,
    maxQueueLatency: 100,
  },
  fallbackToSync: true,
  threads: { module: null, concurrency: 10, handlerTimeoutMs: 30_000, execArgv: [] },
};

/** A class of a histogram with a count in it. */
export function counted(index: number, count: number): Int32Array {
  const classes = new Int32Array(CLASSES);
  classes[index] = count;
  return classes;
}

/** A consumer that has done nothing, unless said. */
export function consumer(change: Partial<ConsumerReading> = {}): ConsumerReading {
  return {
    ...{ owner: 1, live: true, resting: true, running: 0, done: 0, failed: 0, processing: 0 },
    ...{ latencies: new Int32Array(CLASSES), processings: new Int32Array(CLASSES) },
    ...change,
  };
}

/** A bus whose readings a test sets, and its judge. */
export function watched(settings: Partial<JudgeSettings> = {}) {
  const clock = new ManualClock(1_000_000);
  let readings = QUIET;
  const judge = new BusJudge({ readings: () => readings, clock, settings: { ...SETTINGS, ...settings } });
  judge.start();
  return {
    clock,
    judge,
    /** The bus is so from now on. */
    set: (change: Change<BusReadings>) => {
      const { deadLetters, ready, threads, ...flat } = change;
      readings = {
        ...{ ...readings, ...flat },
        deadLetters: { ...readings.deadLetters, ...deadLetters },
        ready: { ...readings.ready, ...ready },
        threads: { ...readings.threads, ...threads },
      };
    },
    codes: () => judge.health().alerts.map(({ code }) => code),
  };
}
