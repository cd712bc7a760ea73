import type { ProviderName, SpoolDepth, UnknownJobs } from '../broker/broker.js';
import type { Durations } from '../jobs/activity/durations.js';
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

/** What the jobs of one name did within the last 5 minutes, all processes. */
export interface JobNameStats {
  readonly enqueuedLast5m: number;
  /** Completed. */
  readonly perMinute: number;
  /** Attempts that ended. */
  readonly attempts: number;
  /** Share of them that failed, 0 to 1; null when there was none. */
  readonly failureRate: number | null;
  readonly waitMs: Durations;
  readonly runMs: Durations;
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
  /** Share of attempts that failed within the last 5 minutes, all processes, 0 to 1; null when there was none. */
  readonly failureRate: number | null;
  /** Attempts that ended within the last 5 minutes, all processes. */
  readonly attempts: number;
  /** Jobs completed per second over the last 5 minutes, all processes. */
  readonly throughputPerSecond: number;
  /** Mean run time of the attempts that ended within the last 5 minutes, all processes, milliseconds; null when none did. */
  readonly avgProcessingMs: number | null;
  /** Of the same attempts, exact to the bucket that it lies in: 37 of them, from 1 ms to 30 min. */
  readonly p95ProcessingMs: number | null;
  /** From when jobs could run until their handlers started, over the last 5 minutes, all processes. Time in which the queue was paused counts. */
  readonly waitMs: Durations;
  /** Run times of attempts, over the last 5 minutes, all processes. */
  readonly runMs: Durations;
  /** Jobs completed per minute over the last 5 minutes, all processes. */
  readonly perMinute: number;
  /** Jobs added within the last 5 minutes, all processes. */
  readonly enqueuedLast5m: number;
  /** Processes that live and take jobs of the queue. */
  readonly workers: number;
  /** Handlers of the queue that may run at the same time, all processes. */
  readonly slots: number;
  /** Of them those that run, as their processes said last. */
  readonly busySlots: number;
  /** Busy slots of all slots, 0 to 1; null without slots. */
  readonly utilization: number | null;
  /** The same by job name, of those that did anything within the last 5 minutes. */
  readonly jobs: Readonly<Record<string, JobNameStats>>;
  /** Jobs that ended as shredded since the first start: what they were about was erased. Neither completed nor failed. */
  readonly shredded: number;
  /** Handlers that keep running although their signal has aborted, all processes. */
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
  /** The four below together. */
  readonly totalMessages: number;
  /** Waiting, delayed and paused. */
  readonly pendingMessages: number;
  readonly processingMessages: number;
  /** Completed since the first start, all processes: also those that are not kept any more. */
  readonly completedMessages: number;
  readonly failedMessages: number;
  /** Milliseconds over the last 5 minutes, all processes; 0 when nothing ran. */
  readonly avgProcessingTime: number;
  readonly p95ProcessingTime: number;
  readonly queues: readonly string[];
  readonly provider: ProviderName;
  readonly healthy: boolean;
}
