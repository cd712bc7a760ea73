import type { LogLevel } from '@nestjs/common';
import type { EventPriority, LeftoverEvent } from '../events/event-words.js';

/** The one validated, frozen configuration that everything inside reads: twins are one, defaults filled in. */
export interface EventBusSettings {
  readonly enabled: boolean;
  readonly workerCount: number;
  readonly maxQueueSize: number;
  readonly maxMemoryMB: number;
  /** Bytes of UTF-8. */
  readonly maxEventSize: number;
  readonly retryAttempts: number;
  /** Milliseconds before the second run, the third …; the last holds for all further ones. */
  readonly retryDelays: readonly number[];
  readonly fallbackToSync: boolean;
  readonly priorities: Readonly<Record<EventPriority, number>>;
  readonly monitoring: {
    readonly enabled: boolean;
    readonly metricsInterval: number;
    readonly healthMonitoring: boolean;
    readonly healthCheckInterval: number;
  };
  readonly performance: {
    /** Events per second; null: no limit. */
    readonly maxInputRate: number | null;
    readonly targetProcessingRate: number | null;
    /** Percent of one core. */
    readonly maxMainThreadImpact: number | null;
    /** Milliseconds. */
    readonly maxQueueLatency: number | null;
  };
  readonly workerHeapMB: number;
  readonly workerRestartDelay: number;
  readonly gracefulShutdownTimeout: number;
  readonly threads: {
    /** Path or file URL of the module that threads boot, with `#Name` behind it where it exports several; null: none. */
    readonly module: string | null;
    readonly concurrency: number;
    readonly handlerTimeoutMs: number;
    readonly execArgv: readonly string[];
  };
  readonly whenFull: { readonly waitMs: number };
  readonly maxCrashes: number;
  readonly deadLetters: { readonly max: number };
  readonly correlationId: (() => string | undefined) | null;
  /** What the host wants to carry along to handlers, as JSON; see `currentEvent().carried`. */
  readonly carry: (() => unknown) | null;
  readonly onLeftover: ((events: readonly LeftoverEvent[]) => unknown) | null;
  readonly logLevels: readonly LogLevel[] | null;
}
