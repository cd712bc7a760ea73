import type { EventPriority } from '../events/event-words.js';

/** What half, 95 of 100 and 99 of 100 stay below, milliseconds; 0 while there is nothing to tell of. */
export interface EventPercentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** One of the three lanes. */
export interface EventLaneMetrics {
  /** Events that could be started now. */
  readonly ready: number;
  /** Events that were stored in it since the start. */
  readonly emitted: number;
}

/** What stands in the buffer, and what went through it. Totals are since the start; percentiles are of the last minute. */
export interface EventQueueMetrics {
  /** Events that nobody has finished: those that wait, that run, and that wait for another attempt. */
  readonly size: number;
  /** `size` as a share of `maxQueueSize`, 0 to 1. */
  readonly utilization: number;
  /** Used share of the memory for events, 0 to 1. */
  readonly memoryUsage: number;
  /** Events that were accepted. */
  readonly totalEmitted: number;
  /** Events that were handled. */
  readonly totalProcessed: number;
  /** Runs that failed; the event may have been handled later. */
  readonly totalFailed: number;
  /** Events that were refused: the buffer was full, or `maxInputRate` reached. */
  readonly totalRefused: number;
  /** Events of types that nobody handles; they were accepted and dropped. */
  readonly unhandled: number;
  /** Mean time of a run, milliseconds; 0 before the first. */
  readonly averageProcessingTime: number;
  /** From the emit until the first run starts; what is run again counts no further time. Counted by powers of two: figures within one are estimated. */
  readonly latency: EventPercentiles;
  /** What a run took, likewise. */
  readonly processing: EventPercentiles;
  readonly perLane: Readonly<Record<EventPriority, EventLaneMetrics>>;
  /** Events that a dying thread held, and that are run alone now. */
  readonly suspects: number;
  /** Events accepted per second, over the last ten. */
  readonly inputRate: number;
  /** Events handled per second, over the last ten. */
  readonly processingRate: number;
  /** How much of a core the bus takes in the thread of the app, percent, over the last ten seconds. */
  readonly mainThreadShare: number;
}

/** What became of events that failed, since the start. */
export interface EventRetryStats {
  /** Runs after the first that failures led to. */
  readonly totalRetries: number;
  /** Dead letters that are kept now. */
  readonly deadLetterQueueSize: number;
  /** Events that became dead letters. */
  readonly totalDeadLetters: number;
  /** Dead letters that were dropped for `deadLetters.max`. */
  readonly deadLettersDropped: number;
  /** Events handled, as a share of those that ended: handled or dead, and where `enabled` is `false`, failed. 1 before the first has ended. */
  readonly successRate: number;
  /** Threads that died unplanned, those that could not start again included. */
  readonly crashes: number;
}

/** All figures of the bus: `bus.getMetrics()`. */
export interface EventSystemMetrics {
  readonly queueMetrics: EventQueueMetrics;
  readonly retryStats: EventRetryStats;
}

/** The threads of the bus: `bus.getWorkerStatistics()`. Totals are since the start, those of threads that died included. */
export interface WorkerStatistics {
  /** Threads that there are to be. */
  readonly totalWorkers: number;
  /** Threads that run an event now. */
  readonly activeWorkers: number;
  /** Threads that are ready and run none. */
  readonly idleWorkers: number;
  /** Mean time of a run on threads, milliseconds; 0 before the first. */
  readonly averageProcessingTime: number;
  /** Events that threads handled. */
  readonly totalEventsProcessed: number;
  /** Threads that were started again. */
  readonly restarts: number;
}

/** What may be wrong. Stable: programs may compare them. */
export type EventAlertCode =
  | 'NOT_INITIALIZED'
  | 'NO_THREADS'
  | 'FULL'
  | 'THREADS_MISSING'
  | 'FALLBACK'
  | 'RESTARTS'
  | 'UTILIZATION'
  | 'MEMORY'
  | 'LATENCY'
  | 'FAILURES'
  | 'DEAD_LETTERS'
  | 'MAIN_THREAD'
  | 'RATE_LOW'
  | 'STALLED';

/** One thing that is wrong with the bus. */
export interface Alert {
  readonly code: EventAlertCode;
  /** `unhealthy`: events are not handled, or refused; `degraded`: it works, and needs attention. */
  readonly severity: 'degraded' | 'unhealthy';
  /** What is wrong, and what to do. */
  readonly message: string;
  /** What was found. */
  readonly value: number;
  /** What it was held against. */
  readonly limit: number;
  /** Since when it is so without a break, milliseconds since the epoch. */
  readonly since: number;
}

/** How the bus is: `await bus.getHealthStatus()`. */
export interface HealthCheckResult {
  /** As bad as the worst alert. */
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  /** Threads that are ready. */
  readonly activeWorkers: number;
  /** Events that nobody has finished. */
  readonly queueDepth: number;
  /** Events handled per second, over the last ten. */
  readonly processingRate: number;
  /** The worst first; empty when healthy. */
  readonly alerts: Alert[];
}
