import { setImmediate as nextTurn } from 'node:timers/promises';
import { ManualClock } from '../../src/kernel/time/manual-clock.js';
import { MainBus } from '../../src/buffered-events/bus/main-bus.js';
import type { MainBusParts } from '../../src/buffered-events/bus/main-bus.js';
import type { EventBusSettings } from '../../src/buffered-events/configuration/event-bus-settings.js';
import type { EventContext } from '../../src/buffered-events/events/event-words.js';

/** Settings of a bus: what the package would fill in, without threads. */
export function busSettings(given: Partial<EventBusSettings> = {}): EventBusSettings {
  return {
    enabled: true,
    workerCount: 0,
    maxQueueSize: 1_000,
    maxMemoryMB: 8,
    maxEventSize: 5_120,
    retryAttempts: 3,
    retryDelays: [1_000, 2_000, 4_000],
    fallbackToSync: true,
    priorities: { critical: 3, normal: 2, low: 1 },
    monitoring: {
      enabled: true,
      metricsInterval: 1_000,
      healthMonitoring: true,
      healthCheckInterval: 5_000,
    },
    performance: {
      maxInputRate: null,
      targetProcessingRate: null,
      maxMainThreadImpact: null,
      maxQueueLatency: null,
    },
    workerHeapMB: 100,
    workerRestartDelay: 1_000,
    gracefulShutdownTimeout: 10_000,
    threads: { module: null, concurrency: 10, handlerTimeoutMs: 30_000, execArgv: [] },
    whenFull: { waitMs: 0 },
    maxCrashes: 3,
    deadLetters: { max: 1_000 },
    correlationId: null,
    carry: null,
    onLeftover: null,
    logLevels: null,
    ...given,
  };
}

/** A bus without threads, whose time is in the hands of a test. */
export class BusStage {
  readonly clock = new ManualClock();
  readonly bus: MainBus;

  constructor(given: Partial<EventBusSettings> = {}, parts: Partial<MainBusParts> = {}) {
    this.bus = new MainBus({
      settings: busSettings(given),
      clock: this.clock,
      bootModuleHere: null,
      random: () => 0,
      ...parts,
    });
  }

  /** Until something is so; the test's own deadline ends a hang. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await nextTurn();
  }

  /** Until nothing is ready or runs: what is left waits for its time. */
  async settled(): Promise<void> {
    await this.until(() => {
      const { size, waitingRetries } = this.bus.readings();
      return size === waitingRetries;
    });
  }

  /** Shuts down without waiting for what cannot end. */
  async end(): Promise<void> {
    const ended = this.bus.shutdown();
    let isOver = false;
    void ended.then(() => (isOver = true));
    while (!isOver) await this.clock.advance(1_000);
  }
}

/** What a handler of `seen` was given. */
export interface Seen {
  readonly bus: MainBus;
  readonly contexts: EventContext[];
  /** Payloads, once all is settled. */
  settled(): Promise<unknown[]>;
}

/** Makes stages for the tests of one file, and ends them after each: call it where tests are described. */
export function busStages(): {
  staged(given?: Partial<EventBusSettings>, parts?: Partial<MainBusParts>): BusStage;
  started(given?: Partial<EventBusSettings>): Promise<BusStage>;
  withSeen(given?: Partial<EventBusSettings>): Promise<Seen>;
} {
  let stages: BusStage[] = [];
  afterEach(async () => {
    const ended = stages.map((stage) => stage.end());
    stages = [];
    await Promise.all(ended);
  });
  const staged = (given: Partial<EventBusSettings> = {}, parts: Partial<MainBusParts> = {}): BusStage => {
    const stage = new BusStage(given, parts);
    stages.push(stage);
    return stage;
  };
  const started = async (given: Partial<EventBusSettings> = {}): Promise<BusStage> => {
    const stage = staged(given);
    await stage.bus.initialize();
    return stage;
  };
  const withSeen = async (given: Partial<EventBusSettings> = {}): Promise<Seen> => {
    const stage = await started(given);
    const payloads: unknown[] = [];
    const contexts: EventContext[] = [];
    stage.bus.register('seen', {
      handle: ({ payload }, context) => {
        payloads.push(payload);
        contexts.push(context);
      },
    });
    const settled = async (): Promise<unknown[]> => {
      await stage.settled();
      return payloads;
    };
    return { bus: stage.bus, contexts, settled };
  };
  return { staged, started, withSeen };
}
