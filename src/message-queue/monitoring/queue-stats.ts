import type { ProviderName, SpoolDepth, UnknownJobs } from '../broker/broker.js';
import type { ByQueueName } from '../queues/queue-name.js';

/** How many groups of a queue are out of the ordinary. */
export interface GroupCounts {
  /** Have jobs that wait for a slot. */
  readonly holding: number;
  /** Keys that stand still for a dead letter. */
  readonly parked: number;
  readonly paused: number;
  /** Closed by a rate, or waiting for their batch to fill. Rates of the queue and of job names that are closed count too. */
  readonly sleeping: number;
}

/** One queue at one moment. */
export interface QueueStats {
  /** Jobs that run as soon as a worker is free; 0 while the queue is paused. */
  readonly waiting: number;
  readonly active: number;
  /** Finished jobs that are still kept. */
  readonly completed: number;
  /** Dead letters. */
  readonly failed: number;
  /** Dead letters that were ever dropped, the oldest first, because there were more than `retention.failedCount` or `failedBytes` allow. */
  readonly failedDropped: number;
  /** Idempotency keys that were ever forgotten before their `ttl`, because there were more than `maxIdempotencyKeys`. */
  readonly keysForgotten: number;
  readonly delayed: number;
  /** Jobs, most of them delayed, that no worker so far knows: a job name or a payload version of another version of the app. */
  readonly unknown: UnknownJobs;
  /** Jobs that wait for the queue to be resumed. */
  readonly paused: number;
  /** Whether the queue is paused for all workers. */
  readonly isPaused: boolean;
  /** Jobs that wait for a slot of their key, their tenant or their batch; they count as waiting too. */
  readonly held: number;
  /** Groups by what is out of the ordinary with them. One can be several at once. */
  readonly groups: GroupCounts;
  /** How long the job has been held that has been longest, as far as can be told cheaply, milliseconds; null when none is. */
  readonly oldestHeldMs: number | null;
  /** How long the key has stood still that has longest, milliseconds; null when none does. */
  readonly oldestParkedMs: number | null;
  /** Jobs of the whole fleet that ever ended as `expired`: not started in time. */
  readonly expired: number;
  /** How long rates of the queue have ever put off starts, milliseconds. */
  readonly rateClosedMs: number;
  /** Slots that were ever freed because nobody told that their owners were gone: something else works on the queue. */
  readonly flowRepairs: number;
  /** How long the job that waits longest has waited, milliseconds; null when none waits. */
  readonly oldestWaitingMs: number | null;
  /** Share of attempts that failed in this process within the last 5 minutes, 0 to 1; null when there was none. */
  readonly failureRate: number | null;
  /** Attempts that ended in this process within the last 5 minutes. */
  readonly attempts: number;
  /** Jobs completed per second in this process over the last 5 minutes. */
  readonly throughputPerSecond: number;
  /** Run time of the attempts that ended in this process within the last 5 minutes, milliseconds; null when none did. */
  readonly avgProcessingMs: number | null;
  readonly p95ProcessingMs: number | null;
  /** Jobs that ended as shredded in this process since its start: what they were about was erased. Neither completed nor failed. */
  readonly shredded: number;
  /** Handlers in this process that keep running although their signal has aborted. */
  readonly stuckHandlers: number;
  /**
   * How often the host's code outside of handlers (listeners, hooks, the logger) has failed in this process, for this queue
   * or for none in particular. No job is affected.
   */
  readonly hostFailures: number;
}

/** Jobs by state, over several queues. */
export interface QueueTotals {
  readonly waiting: number;
  readonly active: number;
  readonly completed: number;
  readonly failed: number;
  readonly delayed: number;
  readonly paused: number;
}

/** All queues at one moment. */
export interface QueueMetrics {
  readonly queues: ByQueueName<QueueStats>;
  readonly totals: QueueTotals;
  /** Jobs of this process that wait on its disk until Redis is back; null when adds are not spooled. */
  readonly spooled: SpoolDepth | null;
  /** What other processes sent to sockets of this one and was dropped, since its start: it did not open, or makes no sense. */
  readonly socketUnopened: number;
  readonly timestamp: Date;
}

/** One queue, or all of them together, in plain numbers. */
export interface QueueSummary {
  /** Jobs kept in any state. */
  readonly totalMessages: number;
  /** Waiting, delayed and paused. */
  readonly pendingMessages: number;
  readonly processingMessages: number;
  readonly completedMessages: number;
  readonly failedMessages: number;
  /** Milliseconds over the last 5 minutes of this process; 0 when nothing ran. */
  readonly avgProcessingTime: number;
  readonly p95ProcessingTime: number;
  readonly queues: readonly string[];
  readonly provider: ProviderName;
  readonly healthy: boolean;
}
