import type { RedisGuarantee } from '../../../kernel/redis/redis-guarantee.js';
import { DEFAULT_HISTORY_HOURS } from '../rules/activity/activity-rules.js';
import type { SpoolOptions } from './spool/spool.js';
import type { RedisSettings } from '../../../kernel/redis/redis-settings.js';

/** How long a job's lock lives and how often locks are checked, milliseconds. */
export interface LockSettings {
  /** How long until a dead worker is noticed. Default 6 000; for a recovery within 10 s, at most that. */
  readonly durationMs: number;
  /** How often locks are renewed. Default: a quarter of `durationMs`. */
  readonly renewMs: number;
  /** How often a worker looks for jobs of dead workers. Default 2 000. */
  readonly stalledCheckMs: number;
}

/** A problem an operator should know about; the broker carries on by itself. */
export interface BrokerProblem {
  readonly kind:
    | 'connection'
    | 'phantom-job'
    | 'no-progress'
    | 'lock-lost'
    | 'settlement'
    | 'queue'
    | 'clock'
    | 'spool'
    | 'loss';
  readonly queue?: string;
  readonly jobId?: string;
  readonly message: string;
  readonly cause?: unknown;
}

/** What an add does while Redis is away: is refused at once, waits as long as it may take, or is written to disk. */
export type WhenUnavailable = 'refuse' | 'wait' | 'spool';

/** What the Redis provider needs to know. */
export interface RedisBrokerOptions {
  readonly redis: RedisSettings;
  /** First part of every key. On a Cluster it gets a hash tag per queue unless it has one. */
  readonly prefix: string;
  /** Deadline of an add, milliseconds. Default 2 000. */
  readonly enqueueTimeoutMs?: number;
  /** What an add does while Redis is away. Default `refuse`. */
  readonly whenUnavailable?: WhenUnavailable;
  /** Where it is written, for `spool`. */
  readonly spool?: SpoolOptions | null;
  readonly lock?: Partial<LockSettings>;
  /** Crash records kept per job; the executor needs at least as many as it takes to make a dead letter. Default 20. */
  readonly maxCrashes?: number;
  /** The blocking connection is rebuilt after no progress for this long while jobs wait. Milliseconds, default 30 000. */
  readonly watchdogMs?: number;
  /** Share of the Redis memory limit above which adds are refused. Default 0.85. */
  readonly memoryLimitRatio?: number;
  /** A connection that owes an answer for this long counts as dead. Milliseconds, default 5 000. */
  readonly socketTimeoutMs?: number;
  /** How many hours of what happened are kept, minute by minute. Default 72. */
  readonly historyHours?: number;
  /** What the operator vouches for: Redis is not asked about it, or need not tell. Default: nothing. */
  readonly guarantees?: readonly RedisGuarantee[];
  /** Called for every problem; also emitted as `error` on the queue it concerns. Default: nothing. */
  readonly onProblem?: (problem: BrokerProblem) => void;
  /** Called with what is worth a line in the log: Redis answers again, a store is migrated. Default: nothing. */
  readonly onNotice?: (message: string) => void;
}

/** Options with their defaults filled in. */
export interface ResolvedRedisBrokerOptions extends Required<Omit<RedisBrokerOptions, 'lock'>> {
  readonly lock: LockSettings;
}

/** Fills in the defaults. */
export function resolveOptions(options: RedisBrokerOptions): ResolvedRedisBrokerOptions {
  const durationMs = options.lock?.durationMs ?? 6_000;
  return {
    redis: options.redis,
    prefix: options.prefix,
    enqueueTimeoutMs: options.enqueueTimeoutMs ?? 2_000,
    whenUnavailable: options.whenUnavailable ?? 'refuse',
    spool: options.spool ?? null,
    lock: {
      durationMs,
      renewMs: options.lock?.renewMs ?? Math.max(1, Math.floor(durationMs / 4)),
      stalledCheckMs: options.lock?.stalledCheckMs ?? 2_000,
    },
    maxCrashes: options.maxCrashes ?? 20,
    watchdogMs: options.watchdogMs ?? 30_000,
    memoryLimitRatio: options.memoryLimitRatio ?? 0.85,
    socketTimeoutMs: options.socketTimeoutMs ?? 5_000,
    historyHours: options.historyHours ?? DEFAULT_HISTORY_HOURS,
    guarantees: options.guarantees ?? [],
    onProblem: options.onProblem ?? (() => undefined),
    onNotice: options.onNotice ?? (() => undefined),
  };
}
