import type { Clock } from '../../../kernel/time/clock.js';

/** Options of a `MemoryBroker`. */
export interface MemoryBrokerOptions {
  /** Default: the real time. */
  readonly clock?: Clock;
  /** Only shows in keys. Default `bull`. */
  readonly prefix?: string;
  /** Most jobs in all queues and states together. Default 1 000 000. */
  readonly maxJobs?: number;
  /** Most bytes that jobs may take, approximately (JSON texts plus 500 per job). Default 512 MiB. */
  readonly maxBytes?: number;
  /** How many hours of what happened are kept, minute by minute. Default 72. */
  readonly historyHours?: number;
  /**
   * `auto`: workers run jobs by themselves. `manual`: nothing runs until `runNext()` or `drain()`; for tests.
   * Default `auto`.
   */
  readonly drive?: 'auto' | 'manual';
}
