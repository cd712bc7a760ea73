import type { ProviderName } from './broker/broker.js';
import type { QueueSettings } from './jobs/queue-definition.js';

/** Whether this process adds jobs only, runs them only (it may add too), or both. */
export type Role = 'producer' | 'worker' | 'both';

/** Where Redis is. */
export type RedisTopology =
  | { readonly kind: 'single'; readonly host: string; readonly port: number }
  | { readonly kind: 'cluster'; readonly nodes: readonly { readonly host: string; readonly port: number }[] }
  | {
      readonly kind: 'sentinel';
      readonly masterName: string;
      readonly sentinels: readonly { readonly host: string; readonly port: number }[];
    };

/** How to reach Redis. */
export interface RedisSettings {
  readonly topology: RedisTopology;
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  readonly tls: boolean;
}

/** The one validated, frozen configuration everything inside reads. */
export interface MessageQueueConfig {
  readonly environment: 'development' | 'production' | 'test';
  readonly provider: ProviderName;
  /** Only for provider `redis`. */
  readonly redis: RedisSettings | null;
  readonly prefix: string;
  readonly role: Role;
  readonly autoStart: boolean;
  /** Deadline of an add, milliseconds. */
  readonly enqueueTimeoutMs: number;
  /** How long active jobs may go on at shutdown, milliseconds. */
  readonly shutdownTimeoutMs: number;
  /** How long a handler may go on after its signal aborted before it counts as stuck, milliseconds. */
  readonly abortGraceMs: number;
  readonly onStuckHandler: 'keep' | 'exit';
  /** Crashes of its worker after which a job becomes a dead letter. */
  readonly maxCrashes: number;
  readonly lock: { readonly durationMs: number; readonly renewMs: number; readonly stalledCheckMs: number };
  readonly memory: { readonly maxJobs: number; readonly maxBytes: number };
  /** Overrides of the queues' own settings, by queue name. */
  readonly queues: Readonly<Record<string, Partial<QueueSettings>>>;
}
