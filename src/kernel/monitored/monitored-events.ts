/** Half, 95 of 100 and 99 of 100 stay below, milliseconds; 0 where there is nothing to tell of. */
export interface MonitoredPercentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What took how long, since the start. */
export interface MonitoredDurations {
  /** Entry n: how many took 2ⁿ⁻¹ up to 2ⁿ microseconds; the last one all beyond. */
  readonly classes: readonly number[];
  /** Milliseconds together. */
  readonly sumMs: number;
}

/** One thing that is wrong. */
export interface MonitoredAlert {
  readonly code: string;
  readonly severity: 'degraded' | 'unhealthy';
  /** What is wrong, and what to do; no content of an event. */
  readonly message: string;
  readonly value: number;
  readonly limit: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** What ran in one place: a worker thread, or the thread of the app. */
export interface MonitoredPlace {
  /** 0: the thread of the app. */
  readonly owner: number;
  readonly isLive: boolean;
  readonly running: number;
  readonly done: number;
  readonly failed: number;
}

/** A bus of events in this process, at one moment. Totals are since its start. */
export interface EventsReading {
  readonly phase: 'new' | 'starting' | 'running' | 'stopping' | 'stopped';
  /** False: every emit runs its handlers at once. */
  readonly isEnabled: boolean;
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  /** The worst first. */
  readonly alerts: readonly MonitoredAlert[];
  /** Events that nobody has finished. */
  readonly size: number;
  /** Used share of the places for events, 0 to 1. */
  readonly utilization: number;
  /** Used share of the memory for them, 0 to 1. */
  readonly memoryUsage: number;
  readonly emittedInLanes: { readonly critical: number; readonly normal: number; readonly low: number };
  readonly readyInLanes: EventsReading['emittedInLanes'] & {
    readonly suspects: number;
    readonly main: number;
  };
  readonly done: number;
  readonly failed: number;
  readonly refused: number;
  readonly unhandled: number;
  readonly retries: number;
  readonly waitingRetries: number;
  readonly crashes: number;
  readonly stalls: number;
  readonly deadLetters: { readonly kept: number; readonly total: number; readonly dropped: number };
  readonly inputPerSecond: number;
  readonly donePerSecond: number;
  /** Of the last minute. */
  readonly waitMs: MonitoredPercentiles;
  readonly runMs: MonitoredPercentiles;
  readonly waits: MonitoredDurations;
  readonly runs: MonitoredDurations;
  /** Milliseconds that the bus kept the thread of the app. */
  readonly busyMs: number;
  /** Percent of a core, over the last seconds. */
  readonly mainThreadPercent: number;
  /** Whether the thread of the app does the work of threads that are missing. */
  readonly isFallback: boolean;
  readonly threads: { readonly wanted: number; readonly live: number; readonly restarts: number };
  readonly places: readonly MonitoredPlace[];
}

/** A dead letter, without its content. */
export interface MonitoredLetter {
  readonly id: string;
  readonly type: string;
  /** Name of its last error; its text may hold content, and is not shown. */
  readonly error: string;
  readonly attempts: number;
  readonly crashes: number;
  /** When it was given up, milliseconds since the epoch. */
  readonly at: number;
}

/**
 * A bus of events that is monitored along with what else an app has. Whoever has one provides it under {@link MONITORED_EVENTS}; whoever
 * shows it finds it there, and neither knows the other.
 */
export interface MonitoredEvents {
  read(): EventsReading;
  /** The newest first. */
  deadLetters(most: number): readonly MonitoredLetter[];
  /** @param ids undefined: all @returns how many were put back */
  replay(ids: readonly string[] | undefined): Promise<number>;
  /** @param ids undefined: all @returns how many were thrown away */
  discard(ids: readonly string[] | undefined): Promise<number>;
}

/** Injection token of {@link MonitoredEvents}. */
export const MONITORED_EVENTS = Symbol.for('nestjs-message-queue:monitored-events');
