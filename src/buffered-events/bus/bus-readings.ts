/** How far the bus is in its life. */
export type BusPhase = 'new' | 'starting' | 'running' | 'stopping' | 'stopped';

/** What one consumer has counted since it first started: a worker thread, or the app's thread (owner 0). */
export interface ConsumerReading {
  readonly owner: number;
  /** Whether it can claim events now. */
  readonly live: boolean;
  /** Whether it rests, for want of events. */
  readonly resting: boolean;
  /** Handler runs at this moment. */
  readonly running: number;
  // Int32 that wrap: whoever adds them up adds differences modulo 2³².
  readonly done: number;
  readonly failed: number;
  /** Microseconds that its runs took. */
  readonly processing: number;
  /** From emit to first start: entry n counts those of 2ⁿ⁻¹ up to 2ⁿ microseconds, the last one all beyond. 24 entries that wrap. */
  readonly latencies: ArrayLike<number>;
  /** What runs took, likewise. */
  readonly processings: ArrayLike<number>;
}

/** What the bus counts and what it is like at one moment. Counts are since the bus was made, unless said. */
export interface BusReadings {
  readonly enabled: boolean;
  readonly phase: BusPhase;
  /** Events that were stored. */
  readonly emitted: number;
  /** Of them, those of each lane: critical, normal, low. */
  readonly emittedInLanes: readonly [critical: number, normal: number, low: number];
  /** Milliseconds that the bus kept the app's thread: `totalMs` of a `BusTime` (judge/). */
  readonly busyMs: number;
  /** Events nobody handles: emitted, and gone at once. */
  readonly unhandled: number;
  /** Emits that found no room, or came faster than `maxInputRate`. */
  readonly refused: number;
  /** Emits that wait for room now. */
  readonly waitingEmits: number;
  /** Runs that failed and were planned again. */
  readonly retries: number;
  /** Events that wait for their next attempt now. */
  readonly waitingRetries: number;
  /** Deaths of a thread that ran one event alone. */
  readonly crashes: number;
  readonly deadLetters: {
    /** Kept now. */
    readonly kept: number;
    /** Given up since the bus was made. */
    readonly total: number;
    /** The oldest, of which more than `deadLetters.max` came. */
    readonly dropped: number;
    readonly replayed: number;
    readonly discarded: number;
  };
  /** Events stored now: ready, running or waiting for their next attempt. */
  readonly size: number;
  /** `size` of `maxQueueSize`, 0 to 1. */
  readonly utilization: number;
  /** Of the buffer's memory, 0 to 1. */
  readonly memoryUsage: number;
  /** Events that could be started now. */
  readonly ready: {
    readonly critical: number;
    readonly normal: number;
    readonly low: number;
    /** Those that a dead thread held, which run alone. */
    readonly suspects: number;
    /** Those for handlers in the app's thread, of all lanes. */
    readonly main: number;
  };
  /** Whether an emit finds no room now. */
  readonly full: boolean;
  /** Whether the app's thread does the work of threads that are missing: `fallbackToSync`, or none were asked for. */
  readonly fallback: boolean;
  readonly threads: {
    readonly wanted: number;
    readonly live: number;
    readonly restarts: number;
    /** Those that died unplanned, and those that could not boot. */
    readonly deaths: number;
    /** Times that events were ready, a thread idle, and nothing claimed for a second. */
    readonly stalls: number;
  };
  readonly consumers: readonly ConsumerReading[];
}
