import type { ServerReport, SpoolDepth } from '../broker/broker.js';
import type { BreakerStatus } from '../ports/circuit-breakers.js';
import type { ByQueueName } from '../queues/queue-name.js';
import type { QueueStats } from './queue-stats.js';

/** healthy: nothing to do · degraded: works, but needs attention · unhealthy: jobs are not getting done. */
export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';

/** One thing that is wrong. */
export interface HealthReason {
  readonly severity: 'degraded' | 'unhealthy';
  readonly code:
    | 'BROKER_UNREACHABLE'
    | 'DATA_LOST'
    | 'BROKER_REFUSES'
    | 'SERVER_SETTING'
    | 'MEMORY_HIGH'
    | 'CLOCK_SKEW'
    | 'PAUSED'
    | 'KEY_PARKED'
    | 'NO_PROGRESS'
    | 'JOBS_WAIT_LONG'
    | 'BACKLOG_NEAR_LIMIT'
    | 'FAILURE_RATE'
    | 'STUCK_HANDLER'
    | 'BREAKER_OPEN'
    | 'UNKNOWN_JOBS'
    | 'ABANDONED_QUEUE'
    | 'DEAD_LETTERS'
    | 'SCHEDULE_DEAD'
    | 'DEAD_LETTERS_DROPPED'
    | 'KEYS_FORGOTTEN'
    | 'WRONG_KEY_TYPE'
    | 'SPOOLED'
    | 'SPOOL_SET_ASIDE'
    | 'UNPLUGGED_PORT'
    | 'RING_KEY_MISSING'
    | 'KEYS_UNREACHABLE'
    | 'KEY_UNAVAILABLE'
    | 'OPEN_ONLY'
    | 'SOCKET_UNOPENED'
    | 'TOO_MANY_SERIES'
    | 'HOST_CODE_FAILED'
    | 'EVENTS_UNHEALTHY'
    | 'EVENTS_DEGRADED';
  /** What is wrong and what to do. */
  readonly message: string;
}

/** The health of a queue. */
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
  /** Jobs of this sealed queue that were stored in plain text and ran in this process since its start. */
  readonly unsealedJobs: number;
  /** Jobs of this process that wait on its disk until the broker is back; null when adds are not spooled. */
  readonly spooled: SpoolDepth | null;
  readonly timestamp: Date;
}

/** The health of all queues together: as bad as the worst of them. */
export interface OverallHealth {
  readonly status: HealthStatus;
  readonly healthy: boolean;
  /**
   * What is wrong beside the queues of this process: `ABANDONED_QUEUE`, queues with jobs that no process has registered any more;
   * `RING_KEY_MISSING` and `KEYS_UNREACHABLE`, of the keys that payloads are sealed with; `SOCKET_UNOPENED`, of events between processes;
   * `EVENTS_UNHEALTHY` and `EVENTS_DEGRADED`, of the bus of buffered events of this process.
   */
  readonly reasons: readonly HealthReason[];
  readonly queues: ByQueueName<QueueHealth>;
  /** Of this process: every dependency that was ever called. */
  readonly breakers: readonly BreakerStatus[];
  /** What other processes sent to sockets of this one and was dropped, since its start: it did not open, or makes no sense. */
  readonly socketUnopened: number;
  readonly timestamp: Date;
}
