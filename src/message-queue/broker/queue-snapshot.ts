import { NO_FLOW } from './groups-of-queue.js';
import type { FlowCounts } from './groups-of-queue.js';

/** A key of the store under which somebody put something else. */
export interface WrongKey {
  readonly key: string;
  /** Redis' name of a type, such as `string`. */
  readonly holds: string;
  readonly belongs: string;
}

/** Counts of one queue at one moment. */
export interface QueueSnapshot {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly completed: number;
  readonly failed: number;
  readonly paused: number;
  /** Whether the queue is paused for all workers. */
  readonly isPaused: boolean;
  /** Jobs that wait for another version of the app; some of them may have been removed since. */
  readonly unknown: number;
  /** From when the job that waits longest could run (it was added, its delay or retry was due), milliseconds since the epoch; null when none waits. */
  readonly oldestWaitingAt: number | null;
  /** Dead letters that were ever dropped because the queue had too many of them, or too many bytes. */
  readonly failedDropped: number;
  /** When the last one was, milliseconds since the epoch; null when none was. */
  readonly failedDroppedAt: number | null;
  /** Idempotency keys that were ever forgotten before their `ttl`, because the queue had too many of them. */
  readonly keysForgotten: number;
  /** When the last one was, milliseconds since the epoch; null when none was. */
  readonly keysForgottenAt: number | null;
  /** Jobs that ever ended as `expired`. */
  readonly expired: number;
  readonly flow: FlowCounts;
  /** Keys of the queue under which its store holds something else. While there are any, the counts are 0. */
  readonly wrongKeys: readonly WrongKey[];
}

/** Of a queue that nobody has. */
export const EMPTY_SNAPSHOT: QueueSnapshot = Object.freeze({
  ...{ waiting: 0, active: 0, delayed: 0, completed: 0, failed: 0, paused: 0, isPaused: false, unknown: 0 },
  ...{ oldestWaitingAt: null, failedDropped: 0, failedDroppedAt: null },
  ...{ keysForgotten: 0, keysForgottenAt: null, expired: 0, flow: NO_FLOW, wrongKeys: [] },
});

/** Why jobs of a spool are not in the store although it answers. */
export interface SpoolTrouble {
  /** The queue they are for; its base key when this process does not have it. */
  readonly queue: string;
  readonly jobs: number;
  /** Of the error, such as `QUEUE_FULL`. */
  readonly code: string;
  /** What is wrong, and what to do. Of several jobs, that of the first. */
  readonly message: string;
}

/** Jobs that wait on this process' disk until the broker's server is back. */
export interface SpoolDepth {
  readonly jobs: number;
  /** Of their payloads. */
  readonly bytes: number;
  /** When the first of them was added, milliseconds since the epoch; null when there is none. */
  readonly oldestAt: number | null;
  /** Why jobs still wait although the server answers, one of each queue. They are tried again until they can be added. */
  readonly waits: readonly SpoolTrouble[];
  /**
   * Jobs that were acknowledged and cannot be added as they are, by queue and reason. They are kept beside those that wait,
   * and are not counted with them; each start of the process tries them again.
   */
  readonly setAside: readonly SpoolTrouble[];
}
