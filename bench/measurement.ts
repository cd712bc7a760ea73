import type { TestRedis } from '../test/support/redis-server.js';
import type { BenchOptions } from './bench-options.js';
import type { QueueRequest, Subject } from './subject.js';

/** What a measurement may use. */
export interface BenchContext {
  readonly redis: TestRedis;
  readonly options: BenchOptions;
  /** Empties the server. */
  flush(): Promise<void>;
  /** Bytes that the server uses for data and overhead. */
  usedMemory(): Promise<number>;
  /** A number of jobs, scaled by the options, at least 100. */
  jobs(count: number): number;
  /** A queue whose name was not used before. @param concurrency default 10 */
  queueRequest(concurrency?: number): QueueRequest;
  /** Says what is being done now. */
  progress(what: string): void;
}

/** Several values of one subject, one per round (or per job, for latencies). */
export interface Sample {
  readonly subject: string;
  readonly values: readonly number[];
}

/** One line of the result: the subjects side by side. */
export interface ResultRow {
  /** For example `drain, concurrency 10`. */
  readonly title: string;
  readonly unit: 'jobs/s' | 'ms' | 'µs' | 'bytes';
  readonly samples: readonly Sample[];
}

/** One measurement. */
export interface Measurement {
  /** Kebab-case, for `--only`. */
  readonly id: string;
  /** Only with `--full`. */
  readonly slow?: boolean;
  run(context: BenchContext, subjects: readonly Subject[]): Promise<ResultRow[]>;
}
