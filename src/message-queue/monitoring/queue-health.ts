import type { ServerReport } from '../broker/broker.js';
import type { BreakerStatus } from '../ports/circuit-breakers.js';
import type { ByQueueName } from '../queues/queue-name.js';
import type { QueueStats } from './queue-stats.js';

/** healthy: nothing to do · degraded: works, but needs a look · unhealthy: jobs do not get done. */
export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';

/** One thing that is not as it should be. */
export interface HealthReason {
  readonly severity: 'degraded' | 'unhealthy';
  readonly code:
    | 'BROKER_UNREACHABLE'
    | 'SERVER_SETTING'
    | 'MEMORY_HIGH'
    | 'CLOCK_SKEW'
    | 'PAUSED'
    | 'NO_PROGRESS'
    | 'JOBS_WAIT_LONG'
    | 'BACKLOG_NEAR_LIMIT'
    | 'FAILURE_RATE'
    | 'STUCK_HANDLER'
    | 'BREAKER_OPEN'
    | 'DEAD_LETTERS'
    | 'UNPLUGGED_PORT';
  /** What is wrong and what to do. */
  readonly message: string;
}

/** How a queue is. */
export interface QueueHealth {
  readonly queue: string;
  readonly status: HealthStatus;
  /** Whether jobs get done: true unless `unhealthy`. */
  readonly healthy: boolean;
  /** The worst first; empty when healthy. */
  readonly reasons: readonly HealthReason[];
  /** Null when the broker cannot be reached. */
  readonly stats: QueueStats | null;
  /** Of this process: every dependency that was ever called, whichever queue called it. */
  readonly breakers: readonly BreakerStatus[];
  readonly server: ServerReport;
  readonly timestamp: Date;
}

/** How all queues are together: as bad as the worst of them. */
export interface OverallHealth {
  readonly status: HealthStatus;
  readonly healthy: boolean;
  readonly queues: ByQueueName<QueueHealth>;
  /** Of this process: every dependency that was ever called. */
  readonly breakers: readonly BreakerStatus[];
  readonly timestamp: Date;
}

/** Where health begins to suffer. */
export interface HealthThresholds {
  /** Share of failed attempts, 0 to 1. Default 0.05. */
  readonly degradedFailureRate: number;
  /** Default 0.5. */
  readonly unhealthyFailureRate: number;
  /** Attempts within the window below which the failure rate says nothing. Default 20. */
  readonly minAttempts: number;
  /** How long a job may wait, milliseconds. Default 60 000. */
  readonly maxWaitMs: number;
  /** How long jobs may wait without any progress, milliseconds. Default 30 000. */
  readonly noProgressMs: number;
  /** Number of dead letters that is too many to leave unread. Default 100. */
  readonly maxDeadLetters: number;
  /** Used share of the server's memory. Default 0.7. */
  readonly maxMemoryRatio: number;
  /** Difference between our clock and the server's, milliseconds. Default 2 000. */
  readonly maxClockSkewMs: number;
}

/** Defaults of {@link HealthThresholds}. */
export const HEALTH_DEFAULTS: HealthThresholds = {
  degradedFailureRate: 0.05,
  unhealthyFailureRate: 0.5,
  minAttempts: 20,
  maxWaitMs: 60_000,
  noProgressMs: 30_000,
  maxDeadLetters: 100,
  maxMemoryRatio: 0.7,
  maxClockSkewMs: 2_000,
};
