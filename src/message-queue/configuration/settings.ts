import { flag, matching, milliseconds, oneOf, text, wholeNumber } from '../../kernel/values/kinds.js';
import type { ReadOptions } from '../../kernel/values/options.js';
import { setting } from '../../kernel/values/setting.js';
import { OPERATIONS_SETTINGS } from '../operations/operations-settings.js';
import { TRACE_SETTINGS } from '../telemetry/traces/trace-settings.js';
import { LOG_SETTINGS } from '../telemetry/logs/log-settings.js';
import { PRIVACY_SETTINGS } from '../privacy/privacy-settings.js';
import { CLEANUP_SETTINGS } from './cleanup-settings.js';
import { REDIS_SETTINGS } from './redis/redis-settings.js';
import { environmentName, pickedQueues, portNames, QUEUE_NAMES, redisGuarantees } from './setting-kinds.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MEBIBYTE = 1024 * 1024;

/**
 * Every setting of the module except those of single queues, by section of the documentation. To add one, add it
 * here: its option, type, variable, value in `MessageQueueConfig` and documentation (`npm run docs`) all follow from it.
 */
export const SECTIONS = {
  General: {
    /**
     * Chooses between the development and the production defaults. `test` uses those of development. Only `development` and `test` open
     * the board to the machine itself.
     */
    environment: setting(environmentName, {
      variable: 'NODE_ENV',
      default: 'unset',
      otherwise: '`unset`: the defaults of development, but nothing is open that has no lock of its own',
      example: 'development',
    }),
    /**
     * Where jobs are kept. Memory needs nothing installed, but its jobs die with the process. `sync` is memory without a queue, the way back from
     * one: an add runs its job before it resolves, and rejects when that fails (docs/rollback.md).
     */
    provider: setting(oneOf('memory', 'redis', 'sync'), {
      variable: 'MESSAGE_QUEUE_PROVIDER',
      otherwise:
        '`redis` if Redis is configured, otherwise `memory`; in production `memory` must be requested by name, and `sync` everywhere',
      example: 'redis',
    }),
    /** A `producer` adds jobs and never runs them; `worker` and `both` run jobs, and may add them too. */
    role: setting(oneOf('producer', 'worker', 'both'), { variable: 'MESSAGE_QUEUE_ROLE', default: 'both' }),
    /** Which of the six built-in queues the app has: `false`, or a list of their names. Adds to the others are refused. */
    builtInQueues: setting(pickedQueues, {
      variable: 'MESSAGE_QUEUE_BUILT_IN_QUEUES',
      default: QUEUE_NAMES,
      otherwise: 'all six',
      example: 'message-delivery,message-notification',
    }),
    /** Whether work starts together with the app. If not, call `MessageQueueWorker.start()`. */
    autoStart: setting(flag(), { variable: 'MESSAGE_QUEUE_AUTO_START', default: true }),
    /**
     * Ports that memory may serve in production, or `true` for all of them. Otherwise a process that works on queues refuses to start in
     * production while a port that its queues use has no adapter plugged in; elsewhere the health of such a queue is `degraded`.
     */
    acceptInMemory: setting(portNames, {
      variable: 'MESSAGE_QUEUE_ACCEPT_IN_MEMORY',
      default: [],
      otherwise: 'none',
      example: 'SmsChannel,PushChannel',
    }),
    /** First part of every Redis key. On a Cluster each queue gets its own hash tag, unless the prefix contains one. */
    prefix: setting(matching('1 to 64 letters, digits or _ - . : { }', /^[A-Za-z0-9_.:{}-]{1,64}$/), {
      variable: 'QUEUE_PREFIX',
      default: 'message-queue',
    }),
  },
  Redis: {
    /** Where Redis is and how to sign in; whatever is left out comes from the environment (`REDIS_*`). */
    redis: REDIS_SETTINGS,
    /**
     * What you vouch for where Redis does not tell: `noeviction` (the eviction policy), `persistence` (an AOF, or whatever else your
     * provider keeps jobs with) and `version` (6.2 or later). Health is not degraded for what you vouch for. A policy that Redis reports
     * and that deletes jobs stays a fault.
     */
    redisGuarantees: setting(redisGuarantees, {
      variable: 'REDIS_GUARANTEES',
      default: [],
      otherwise: 'none',
      example: 'noeviction,persistence',
    }),
  },
  Execution: {
    /** How long an add may take before it rejects: with "outcome unknown" if it was sent, and otherwise with "not added". */
    enqueueTimeoutMs: setting(milliseconds(50, 10 * MINUTE_MS), {
      variable: 'MESSAGE_QUEUE_ENQUEUE_TIMEOUT_MS',
      default: 2_000,
    }),
    /**
     * What an add does while Redis is known to be away: `refuse` rejects at once with "not added", `wait` waits as long as it may take,
     * `spool` writes the job to disk (below) and adds it once Redis is back.
     */
    whenUnavailable: setting(oneOf('refuse', 'wait', 'spool'), {
      variable: 'MESSAGE_QUEUE_WHEN_UNAVAILABLE',
      default: 'refuse',
    }),
    /** The jobs on disk, for `whenUnavailable: 'spool'`. Needs the package `libsql`. */
    spool: {
      /** Where they are kept: a directory that outlives the process. Processes that share one have a file each. */
      directory: setting(text(), {
        variable: 'MESSAGE_QUEUE_SPOOL_DIRECTORY',
        example: '/var/lib/app/spool',
      }),
      /** How many jobs are kept before adds are refused. */
      maxJobs: setting(wholeNumber(1, 10_000_000), {
        variable: 'MESSAGE_QUEUE_SPOOL_MAX_JOBS',
        default: 100_000,
      }),
      /** How many bytes of payloads are kept before adds are refused. */
      maxBytes: setting(wholeNumber(1_024, 1_099_511_627_776, 'bytes'), {
        variable: 'MESSAGE_QUEUE_SPOOL_MAX_BYTES',
        default: 256 * MEBIBYTE,
      }),
      /** Whether an add waits until its job is on disk, so that it outlives a power cut and not only the process. */
      fsync: setting(flag(), { variable: 'MESSAGE_QUEUE_SPOOL_FSYNC', default: true }),
    },
    /** How many times a job may crash its worker before it becomes a dead letter. */
    maxCrashes: setting(wholeNumber(1, 1_000), { variable: 'MESSAGE_QUEUE_MAX_CRASHES', default: 5 }),
    /** How long a handler may keep running after its signal has aborted before it counts as stuck. */
    abortGraceMs: setting(milliseconds(0, HOUR_MS), {
      variable: 'MESSAGE_QUEUE_ABORT_GRACE_MS',
      default: 5_000,
    }),
    /** What happens to a process with a stuck handler: `keep` leaves it running but unhealthy, `exit` ends it so that it can be restarted. */
    onStuckHandler: setting(oneOf('keep', 'exit'), {
      variable: 'MESSAGE_QUEUE_ON_STUCK_HANDLER',
      default: 'keep',
    }),
    /**
     * How often the log says the same of failing jobs. The first failure of a kind (queue, job, error) is written in full, the others are
     * counted, and their number is written once per interval. `0` writes a line for every failure.
     */
    failureLogIntervalMs: setting(milliseconds(0, HOUR_MS), {
      variable: 'MESSAGE_QUEUE_FAILURE_LOG_INTERVAL_MS',
      default: MINUTE_MS,
    }),
    /** How a worker holds on to the jobs it runs. */
    lock: {
      /** How long an active job's lock lasts without renewal; after that, the job counts as abandoned by its worker. */
      durationMs: setting(milliseconds(500, 10 * MINUTE_MS), {
        variable: 'MESSAGE_QUEUE_LOCK_DURATION_MS',
        default: 6_000,
      }),
      /** How often a worker renews its locks; at most half of the lock's duration. */
      renewMs: setting(milliseconds(50, 5 * MINUTE_MS), {
        variable: 'MESSAGE_QUEUE_LOCK_RENEW_MS',
        otherwise: "a quarter of the lock's duration",
      }),
      /** How often a worker looks for jobs that other workers have abandoned. */
      stalledCheckMs: setting(milliseconds(50, 10 * MINUTE_MS), {
        variable: 'MESSAGE_QUEUE_STALLED_CHECK_MS',
        default: 2_000,
      }),
    },
  },
  Privacy: {
    /** What is told of jobs that carry content: those of the built-in queues, and of your own that say `sealed: true`. */
    privacy: PRIVACY_SETTINGS,
  },
  Operations: {
    /** What the person on call has. */
    operations: OPERATIONS_SETTINGS,
    /** Whether a start says in the log what runs here, where it can be seen and by whom. Never where `environment` is `test`. */
    banner: setting(flag(), { variable: 'MESSAGE_QUEUE_BANNER', default: true }),
  },
  Telemetry: {
    /** How the log says what becomes of jobs. */
    logs: LOG_SETTINGS,
    /** Spans of adds and runs, by `@opentelemetry/api`. */
    traces: TRACE_SETTINGS,
  },
  'Clean-up': {
    /** When the built-in clean-ups run, and what they keep. `off` in place of a cron expression turns a clean-up off. */
    cleanup: CLEANUP_SETTINGS,
  },
  Shutdown: {
    /**
     * How long active jobs may keep running at shutdown before they are aborted and handed back. Keep it below the time that
     * your platform waits before it kills the process (Kubernetes: 30 s).
     */
    shutdownTimeoutMs: setting(milliseconds(0, HOUR_MS), {
      variable: 'MESSAGE_QUEUE_SHUTDOWN_TIMEOUT_MS',
      default: 5_000,
      production: 20_000,
    }),
  },
  'In-memory provider': {
    /** Limits of the in-memory provider. */
    memory: {
      /** How many jobs, including finished ones, memory holds before adds are refused. */
      maxJobs: setting(wholeNumber(1, 1_000_000_000), {
        variable: 'MESSAGE_QUEUE_MEMORY_MAX_JOBS',
        default: 1_000_000,
      }),
      /** Approximately how many bytes of payloads memory holds before adds are refused. */
      maxBytes: setting(wholeNumber(1_024, 1_099_511_627_776, 'bytes'), {
        variable: 'MESSAGE_QUEUE_MEMORY_MAX_BYTES',
        default: 512 * MEBIBYTE,
        production: 1_024 * MEBIBYTE,
      }),
    },
  },
};

/** Every setting, by its option. */
export const SETTINGS = {
  ...SECTIONS.General,
  ...SECTIONS.Redis,
  ...SECTIONS.Execution,
  ...SECTIONS.Privacy,
  ...SECTIONS.Operations,
  ...SECTIONS.Telemetry,
  ...SECTIONS['Clean-up'],
  ...SECTIONS.Shutdown,
  ...SECTIONS['In-memory provider'],
};

/** The values of all settings; undefined where nothing is set and there is no default. */
export type SettingValues = ReadOptions<typeof SETTINGS>;
