import { MOST_THREADS } from '../buffer/buffer-words.js';
import { flag, milliseconds, numberFrom, wholeNumber } from '../../kernel/values/kinds.js';
import type { ReadOptions } from '../../kernel/values/options.js';
import { setting } from '../../kernel/values/setting.js';
import { modulePlace, nodeArguments, retryDelayList } from './setting-kinds.js';

const HOUR_MS = 3_600_000;
// Where the last class of waits begins, all but a little: beyond it nothing could be judged.
const LONGEST_TOLD_MS = 4_000;
const RATE = wholeNumber(1, 1_000_000_000, 'events per second');
const QUEUE_SIZE = wholeNumber(1, 4_000_000);
const EVENT_SIZE = wholeNumber(64, 104_857_600, 'bytes');
const MEMORY = wholeNumber(1, 2_047, 'MB');
const ATTEMPTS = wholeNumber(0, 1_000);
// Counters wrap: whoever adds up what was counted must look more often than they do.
const INTERVAL = milliseconds(100, 300_000);

const QUEUE_SIZE_DEFAULT = 10_000;
const EVENT_SIZE_DEFAULT = 5_120;
const MEMORY_DEFAULT = 50;
const ATTEMPTS_DEFAULT = 3;
const HEALTH_INTERVAL_DEFAULT = 5_000;

/**
 * Every setting of buffered events, by section of the documentation. A variable is `BUFFERED_EVENTS_` and the path of its option in capitals. To
 * add one, add it here: its option, type, variable and documentation (`npm run docs`) all follow from it.
 */
export const SECTIONS = {
  'Buffered events': {
    /** Whether events go through the buffer. `false`: `emitEvent` runs the handlers before it resolves and rejects with their error; the way back. */
    enabled: setting(flag(), { variable: 'BUFFERED_EVENTS_ENABLED', default: true }),
    /** How many worker threads there are. Each boots the module that `threads.module` names. `0`: the thread of the app handles all events. */
    workerCount: setting(wholeNumber(0, MOST_THREADS), {
      variable: 'BUFFERED_EVENTS_WORKER_COUNT',
      otherwise: 'one less than there are cores, from 1 to 4',
      example: '4',
    }),
    /** How many events may be stored, those that run or wait for their next attempt included. The last tenth is for `critical` ones. */
    maxQueueSize: setting(QUEUE_SIZE, {
      variable: 'BUFFERED_EVENTS_MAX_QUEUE_SIZE',
      default: QUEUE_SIZE_DEFAULT,
      production: 50_000,
    }),
    /** The memory that stored events take, what controls it included, in units of 1 048 576 bytes. It is taken at start. */
    maxMemoryMB: setting(MEMORY, { variable: 'BUFFERED_EVENTS_MAX_MEMORY_MB', default: MEMORY_DEFAULT }),
    /** The largest payload: bytes of its JSON as UTF-8. */
    maxEventSize: setting(EVENT_SIZE, {
      variable: 'BUFFERED_EVENTS_MAX_EVENT_SIZE',
      default: EVENT_SIZE_DEFAULT,
    }),
    /** How many times an event is run again after a failure before it becomes a dead letter. */
    retryAttempts: setting(ATTEMPTS, {
      variable: 'BUFFERED_EVENTS_RETRY_ATTEMPTS',
      default: ATTEMPTS_DEFAULT,
    }),
    /** How long each further attempt waits; the last one holds for all that follow. Up to a tenth is added by chance. */
    retryDelays: setting(retryDelayList, {
      variable: 'BUFFERED_EVENTS_RETRY_DELAYS',
      default: [1_000, 2_000, 4_000],
    }),
    /** Whether the thread of the app handles events while no worker thread can. Otherwise they wait. */
    fallbackToSync: setting(flag(), { variable: 'BUFFERED_EVENTS_FALLBACK_TO_SYNC', default: true }),
    /** How many times the thread of a single event may die with it before it becomes a dead letter. */
    maxCrashes: setting(wholeNumber(1, 1_000), { variable: 'BUFFERED_EVENTS_MAX_CRASHES', default: 3 }),
    /** How often each priority has its turn while events of all of them wait. */
    priorities: {
      /** … of every round, for critical events. */
      critical: setting(wholeNumber(1, 1_000), {
        variable: 'BUFFERED_EVENTS_PRIORITIES_CRITICAL',
        default: 3,
      }),
      /** … for those of no other priority. */
      normal: setting(wholeNumber(1, 1_000), { variable: 'BUFFERED_EVENTS_PRIORITIES_NORMAL', default: 2 }),
      /** … for those that can wait. */
      low: setting(wholeNumber(1, 1_000), { variable: 'BUFFERED_EVENTS_PRIORITIES_LOW', default: 1 }),
    },
    /** What worker threads are. */
    threads: {
      /** The file of the module that worker threads boot: the one with the handlers, never that of the app. */
      module: setting(modulePlace, {
        variable: 'BUFFERED_EVENTS_THREADS_MODULE',
        otherwise: 'none; must be given unless `workerCount` is `0` or `enabled` is `false`',
        example: '/app/dist/user-events.module.js',
      }),
      /** How many events one thread runs at the same time. */
      concurrency: setting(wholeNumber(1, 10_000), {
        variable: 'BUFFERED_EVENTS_THREADS_CONCURRENCY',
        default: 10,
      }),
      /** How long the handlers of one event may take together before its signal aborts and the run has failed. */
      handlerTimeoutMs: setting(milliseconds(1, HOUR_MS), {
        variable: 'BUFFERED_EVENTS_THREADS_HANDLER_TIMEOUT_MS',
        default: 30_000,
      }),
      /** Arguments of Node.js for worker threads, such as a loader for TypeScript. */
      execArgv: setting(nodeArguments, {
        variable: 'BUFFERED_EVENTS_THREADS_EXEC_ARGV',
        default: [],
        otherwise: 'none',
        example: '--import tsx',
      }),
    },
    /** What an emit does that finds no room. */
    whenFull: {
      /** How long it waits for some before it rejects. Its payload is on the heap for so long. */
      waitMs: setting(milliseconds(0, 600_000), {
        variable: 'BUFFERED_EVENTS_WHEN_FULL_WAIT_MS',
        default: 0,
      }),
    },
    /** What is kept of events that failed for good. */
    deadLetters: {
      /** How many of them; the oldest goes for a new one, and is counted. */
      max: setting(wholeNumber(1, 1_000_000), {
        variable: 'BUFFERED_EVENTS_DEAD_LETTERS_MAX',
        default: 1_000,
      }),
    },
    /** What is counted and judged. */
    monitoring: {
      /**
       * Whether the bus looks at its counts by itself. Off: once a minute at most, so that no counter wraps unseen; rates and percentiles are of up
       * to two minutes then, and nothing is judged or logged unless somebody asks. Totals stay exact.
       */
      enabled: setting(flag(), { variable: 'BUFFERED_EVENTS_MONITORING_ENABLED', default: true }),
      /** How often what threads have counted is added up; at least once a minute. */
      metricsInterval: setting(INTERVAL, {
        variable: 'BUFFERED_EVENTS_MONITORING_METRICS_INTERVAL',
        default: 1_000,
      }),
      /** Whether health is judged without anybody asking, so that alerts are logged as they come and go. */
      healthMonitoring: setting(flag(), {
        variable: 'BUFFERED_EVENTS_MONITORING_HEALTH_MONITORING',
        default: true,
      }),
      /** How often. */
      healthCheckInterval: setting(INTERVAL, {
        variable: 'BUFFERED_EVENTS_MONITORING_HEALTH_CHECK_INTERVAL',
        default: HEALTH_INTERVAL_DEFAULT,
      }),
    },
    /** Limits of memory. */
    memoryLimits: {
      /** The same setting as `maxQueueSize`. */
      maxQueueSize: setting(QUEUE_SIZE, {
        variable: 'BUFFERED_EVENTS_MEMORY_LIMITS_MAX_QUEUE_SIZE',
        otherwise: '`maxQueueSize`',
        example: String(QUEUE_SIZE_DEFAULT),
      }),
      /** The same setting as `maxEventSize`. */
      maxEventSize: setting(EVENT_SIZE, {
        variable: 'BUFFERED_EVENTS_MEMORY_LIMITS_MAX_EVENT_SIZE',
        otherwise: '`maxEventSize`',
        example: String(EVENT_SIZE_DEFAULT),
      }),
      /** The same setting as `maxMemoryMB`. */
      totalMemoryMB: setting(MEMORY, {
        variable: 'BUFFERED_EVENTS_MEMORY_LIMITS_TOTAL_MEMORY_MB',
        otherwise: '`maxMemoryMB`',
        example: String(MEMORY_DEFAULT),
      }),
      /** The heap that one worker thread may fill; one that needs more dies, and is started again. */
      workerHeapMB: setting(wholeNumber(16, 65_536, 'MB'), {
        variable: 'BUFFERED_EVENTS_MEMORY_LIMITS_WORKER_HEAP_MB',
        default: 100,
      }),
    },
    /** Limits of load. */
    performanceLimits: {
      /** How many events may be emitted within one second; further ones find the buffer full. */
      maxInputRate: setting(RATE, {
        variable: 'BUFFERED_EVENTS_PERFORMANCE_LIMITS_MAX_INPUT_RATE',
        example: '1000',
      }),
      /** How many events are to be handled per second; an alert says when they are fewer while events wait. */
      targetProcessingRate: setting(RATE, {
        variable: 'BUFFERED_EVENTS_PERFORMANCE_LIMITS_TARGET_PROCESSING_RATE',
        example: '500',
      }),
      /** How much of one core buffered events may take of the thread of the app, in percent; an alert says when it is more. */
      maxMainThreadImpact: setting(numberFrom(0.1, 100, 'percent'), {
        variable: 'BUFFERED_EVENTS_PERFORMANCE_LIMITS_MAX_MAIN_THREAD_IMPACT',
        example: '5',
      }),
      /** How long 95 of 100 events may wait at most before they start; an alert says when they wait longer. Four seconds at most: longer waits are not told apart. */
      maxQueueLatency: setting(milliseconds(1, LONGEST_TOLD_MS), {
        variable: 'BUFFERED_EVENTS_PERFORMANCE_LIMITS_MAX_QUEUE_LATENCY',
        example: '100',
      }),
    },
    /** What happens when something fails, and at the end. */
    reliabilityLimits: {
      /** The same setting as `retryAttempts`. */
      maxRetryAttempts: setting(ATTEMPTS, {
        variable: 'BUFFERED_EVENTS_RELIABILITY_LIMITS_MAX_RETRY_ATTEMPTS',
        otherwise: '`retryAttempts`',
        example: String(ATTEMPTS_DEFAULT),
      }),
      /** How long a thread that died waits before it is started again; doubled up to 30 s while threads die soon after their start. */
      workerRestartDelay: setting(milliseconds(0, 30_000), {
        variable: 'BUFFERED_EVENTS_RELIABILITY_LIMITS_WORKER_RESTART_DELAY',
        default: 1_000,
      }),
      /** The same setting as `monitoring.healthCheckInterval`. */
      healthCheckInterval: setting(INTERVAL, {
        variable: 'BUFFERED_EVENTS_RELIABILITY_LIMITS_HEALTH_CHECK_INTERVAL',
        otherwise: '`monitoring.healthCheckInterval`',
        example: String(HEALTH_INTERVAL_DEFAULT),
      }),
      /** How long events that are stored may take at shutdown. What is left then goes to `onLeftover`. */
      gracefulShutdownTimeout: setting(milliseconds(0, HOUR_MS), {
        variable: 'BUFFERED_EVENTS_RELIABILITY_LIMITS_GRACEFUL_SHUTDOWN_TIMEOUT',
        default: 10_000,
      }),
    },
  },
};

/** Every setting, by its option. */
export const SETTINGS = SECTIONS['Buffered events'];

/** The values of all settings; undefined where nothing is set and there is no default. */
export type SettingValues = ReadOptions<typeof SETTINGS>;

/** The seed's two names of one setting. */
export const TWINS = [
  ['maxQueueSize', 'memoryLimits.maxQueueSize'],
  ['maxEventSize', 'memoryLimits.maxEventSize'],
  ['maxMemoryMB', 'memoryLimits.totalMemoryMB'],
  ['retryAttempts', 'reliabilityLimits.maxRetryAttempts'],
  ['monitoring.healthCheckInterval', 'reliabilityLimits.healthCheckInterval'],
] as const;
