import { CLEANUP_SETTINGS } from './cleanup-settings.js';
import { REDIS_SETTINGS } from './redis-schema.js';
import { setting } from './setting.js';
import type { Setting } from './setting.js';
import { choice, flag, text, wholeNumber } from './setting-type.js';
import type { SettingType } from './setting-type.js';

export type { Setting } from './setting.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MEBIBYTE = 1024 * 1024;

/**
 * Every setting of the module but the queues' own, by the path of its option. The parser, `.env.example` and
 * `docs/configuration.md` are made from it.
 */
export const CONFIGURATION_SCHEMA = {
  environment: setting({
    section: 'General',
    variable: 'NODE_ENV',
    type: environmentName(),
    description:
      'Chooses between the development and the production defaults. `test` has those of development.',
    default: 'development',
  }),
  provider: setting({
    section: 'General',
    variable: 'MESSAGE_QUEUE_PROVIDER',
    type: choice('memory', 'redis'),
    description:
      'Where jobs are kept. In memory nothing needs to be installed, and jobs die with the process.',
    default: null,
    otherwise:
      '`redis` when a Redis is configured, else `memory`; in production `memory` must be asked for by name',
  }),
  role: setting({
    section: 'General',
    variable: 'MESSAGE_QUEUE_ROLE',
    type: choice('producer', 'worker', 'both'),
    description:
      'A `producer` adds jobs and never runs any; a `worker` and `both` run them, and may add too.',
    default: 'both',
  }),
  autoStart: setting({
    section: 'General',
    variable: 'MESSAGE_QUEUE_AUTO_START',
    type: flag(),
    description: 'Whether work starts with the app. If not, call `MessageQueueWorker.start()`.',
    default: true,
  }),
  prefix: setting({
    section: 'General',
    variable: 'QUEUE_PREFIX',
    type: text('1 to 64 letters, digits or _ - . : { }', /^[A-Za-z0-9_.:{}-]{1,64}$/),
    description:
      'First part of every Redis key. On a Cluster each queue gets a hash tag of its own, unless the prefix has one.',
    default: 'message-queue',
  }),
  ...REDIS_SETTINGS,
  enqueueTimeoutMs: setting({
    section: 'Execution',
    variable: 'MESSAGE_QUEUE_ENQUEUE_TIMEOUT_MS',
    type: wholeNumber(50, 10 * MINUTE_MS, 'milliseconds'),
    description: 'How long an add may take before it rejects with "outcome unknown".',
    default: 2_000,
  }),
  maxCrashes: setting({
    section: 'Execution',
    variable: 'MESSAGE_QUEUE_MAX_CRASHES',
    type: wholeNumber(1, 1_000),
    description: 'How many times a job may take its worker down before it becomes a dead letter.',
    default: 5,
  }),
  abortGraceMs: setting({
    section: 'Execution',
    variable: 'MESSAGE_QUEUE_ABORT_GRACE_MS',
    type: wholeNumber(0, HOUR_MS, 'milliseconds'),
    description: 'How long a handler may go on after its signal aborted before it counts as stuck.',
    default: 5_000,
  }),
  onStuckHandler: setting({
    section: 'Execution',
    variable: 'MESSAGE_QUEUE_ON_STUCK_HANDLER',
    type: choice('keep', 'exit'),
    description:
      'What a stuck handler does to the process: `keep` it, unhealthy, or `exit` it, to be restarted.',
    default: 'keep',
  }),
  'lock.durationMs': setting({
    section: 'Execution',
    variable: 'MESSAGE_QUEUE_LOCK_DURATION_MS',
    type: wholeNumber(500, 10 * MINUTE_MS, 'milliseconds'),
    description: 'After how long without renewal an active job counts as left by its worker.',
    default: 6_000,
  }),
  'lock.renewMs': setting({
    section: 'Execution',
    variable: 'MESSAGE_QUEUE_LOCK_RENEW_MS',
    type: wholeNumber(50, 5 * MINUTE_MS, 'milliseconds'),
    description: 'How often a worker renews its locks; at most half of the lock.',
    default: null,
    otherwise: 'a quarter of the lock',
  }),
  'lock.stalledCheckMs': setting({
    section: 'Execution',
    variable: 'MESSAGE_QUEUE_STALLED_CHECK_MS',
    type: wholeNumber(50, 10 * MINUTE_MS, 'milliseconds'),
    description: 'How often a worker looks for jobs that others left.',
    default: 2_000,
  }),
  ...CLEANUP_SETTINGS,
  shutdownTimeoutMs: setting({
    section: 'Shutdown',
    variable: 'MESSAGE_QUEUE_SHUTDOWN_TIMEOUT_MS',
    type: wholeNumber(0, HOUR_MS, 'milliseconds'),
    description:
      'How long active jobs may go on at shutdown before they are aborted and handed back. Keep it below the time that your platform waits before it kills (Kubernetes: 30 s).',
    default: { development: 5_000, production: 20_000 },
  }),
  'memory.maxJobs': setting({
    section: 'In-memory provider',
    variable: 'MESSAGE_QUEUE_MEMORY_MAX_JOBS',
    type: wholeNumber(1, 1_000_000_000),
    description: 'How many jobs memory holds, finished ones included, before adds are refused.',
    default: 1_000_000,
  }),
  'memory.maxBytes': setting({
    section: 'In-memory provider',
    variable: 'MESSAGE_QUEUE_MEMORY_MAX_BYTES',
    type: wholeNumber(1_024, 1_099_511_627_776, 'bytes'),
    description: 'How many bytes of payloads (approximate) memory holds before adds are refused.',
    default: { development: 512 * MEBIBYTE, production: 1_024 * MEBIBYTE },
  }),
} as const;

/** Path of an option of the schema. */
export type SettingKey = keyof typeof CONFIGURATION_SCHEMA;

/** The values of all settings; null where nothing is set and there is no default. */
export type SettingValues = {
  readonly [Key in SettingKey]: (typeof CONFIGURATION_SCHEMA)[Key] extends Setting<infer T>
    ? T | null
    : never;
};

/** The paths of the schema in its order. */
export const SETTING_KEYS = Object.keys(CONFIGURATION_SCHEMA) as SettingKey[];

function environmentName(): SettingType<'development' | 'production' | 'test'> {
  return {
    expected: '"production", "test", or anything else for "development"',
    parse: (raw) => ({
      ok: true,
      value: raw === 'production' || raw === 'test' ? raw : 'development',
    }),
    format: (value) => value,
  };
}
