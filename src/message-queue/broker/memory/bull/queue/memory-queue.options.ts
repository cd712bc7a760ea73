import type { AdvancedSettings, JobOptions, MetricsOpts, RateLimiter } from 'bull';
import type { Clock } from '../../../../../kernel/time/clock.js';
import type { FlowPolicy } from '../../../../jobs/flow/flow-policy.js';
import type { MemoryBudget } from '../../store/memory-budget.js';
import type { BackoffStrategy } from '../job/job-backoff.js';

/** Options of a `MemoryQueue`: Bull's, without those about Redis, and where time and room come from. */
export interface MemoryQueueOptions {
  /** Only shows in keys. Default `bull`. */
  readonly prefix?: string;
  readonly limiter?: RateLimiter;
  readonly defaultJobOptions?: JobOptions;
  /** `backoffStrategies` and `drainDelay` count; the rest is about locks and connections that are not needed here. */
  readonly settings?: AdvancedSettings;
  readonly metrics?: MetricsOpts;
  /** Shortest time between two runs of a schedule, milliseconds. Default 1. */
  readonly minRepeatMs?: number;
  /** Which jobs may start when. Default: none waits for another. */
  readonly flow?: FlowPolicy;
  /** Default: the real time. */
  readonly clock?: Clock;
  /** What this queue (and the others that share the budget) may hold. Default: no limit. */
  readonly budget?: MemoryBudget;
}

/** Bull's settings with its defaults: milliseconds, `drainDelay` in seconds. */
export interface QueueSettings extends Required<Omit<AdvancedSettings, 'backoffStrategies'>> {
  readonly backoffStrategies: Readonly<Record<string, BackoffStrategy>>;
  readonly isSharedChildPool: boolean;
}

const DEFAULTS = {
  lockDuration: 30_000,
  stalledInterval: 30_000,
  maxStalledCount: 1,
  guardInterval: 5_000,
  retryProcessDelay: 5_000,
  drainDelay: 5,
  backoffStrategies: {},
  isSharedChildPool: false,
};

/** Equal to Bull: its settings with the same defaults, so that a host's code may read `queue.settings`. */
export function queueSettings(given: AdvancedSettings = {}): QueueSettings {
  const known = Object.entries(given).filter(([, value]) => value !== undefined);
  const settings = { ...DEFAULTS, ...(Object.fromEntries(known) as AdvancedSettings) };
  return { ...settings, lockRenewTime: settings.lockRenewTime || settings.lockDuration / 2 };
}

const KEY_TYPES = [
  ...['', 'active', 'wait', 'waiting', 'paused', 'resumed', 'meta-paused', 'id', 'delayed', 'priority'],
  ...['stalled-check', 'completed', 'failed', 'stalled', 'repeat', 'limiter', 'drained', 'duplicated'],
  ...['progress', 'de'],
];

/** Equal to Bull: the keys that it would use in Redis, by what they hold. */
export function queueKeys(toKey: (type: string) => string): Readonly<Record<string, string>> {
  return Object.fromEntries(KEY_TYPES.map((type) => [type, toKey(type)]));
}
