import { EVENT_METRICS } from './event-metric-table.js';

/** What a metric counts or shows. */
export interface MetricDeclaration {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /**
   * `process`: of the process that is asked; the sum over all processes is that of the fleet. `broker`: of what all processes share, and the
   * same from each of them; take the maximum.
   */
  readonly of: 'process' | 'broker';
  readonly labels: readonly string[];
  /** One sentence. */
  readonly help: string;
}

/** What stands before the name of every metric. */
export const METRIC_PREFIX = 'message_queue_';

/** Every metric by its name without the prefix. Names and labels are a promise: dashboards and rules are written for them. */
export const METRICS = {
  jobs_added_total: process('counter', ['queue', 'job'], 'Jobs added by this process.'),
  adds_refused_total: process(
    'counter',
    ['queue', 'reason'],
    'Adds that were refused in this process, by the code of the error.',
  ),
  attempts_total: process(
    'counter',
    ['queue', 'job', 'outcome'],
    'Runs of handlers in this process, by how they ended.',
  ),
  jobs_retried_total: process(
    'counter',
    ['queue', 'job'],
    'Jobs that this process put back for another attempt.',
  ),
  dead_letters_total: process(
    'counter',
    ['queue', 'job', 'reason'],
    'Jobs that ended for good without success in this process, by why.',
  ),
  wait_seconds: process(
    'histogram',
    ['queue', 'job'],
    'From when a job could run until its handler started, in this process.',
  ),
  run_seconds: process('histogram', ['queue', 'job'], 'How long an attempt took in this process.'),
  busy_slots: process('gauge', ['queue'], 'Handlers that run in this process.'),
  slots: process('gauge', ['queue'], 'Handlers that may run at the same time in this process.'),
  circuit_breaker_open: process(
    'gauge',
    ['dependency'],
    'Whether calls of this process to a dependency are refused: 1 while its circuit is not closed.',
  ),
  event_loop_lag_seconds: process('gauge', [], 'How late the event loop of this process runs its timers.'),
  build_info: process('gauge', ['version', 'provider', 'role'], 'Always 1; says what this process runs.'),
  ...EVENT_METRICS,
  jobs: broker(
    'gauge',
    ['queue', 'state'],
    'Jobs that are kept, by state; failed ones are the dead letters, held ones count as waiting too.',
  ),
  oldest_wait_seconds: broker(
    'gauge',
    ['queue'],
    'How long the job has waited that waits longest; 0 when none does.',
  ),
  paused: broker('gauge', ['queue'], 'Whether the queue is paused for all workers.'),
  workers: broker('gauge', ['queue'], 'Processes alive that work on the queue.'),
  worker_utilization_ratio: broker(
    'gauge',
    ['queue'],
    'Busy slots of all slots of the fleet, 0 to 1; absent without slots.',
  ),
  jobs_expired_total: broker('counter', ['queue'], 'Jobs that ended because they had not started in time.'),
  keys_parked: broker('gauge', ['queue'], 'Keys that stand still for a dead letter.'),
  rate_closed_seconds_total: broker('counter', ['queue'], 'How long rates have put off starts.'),
  flow_repairs_total: broker(
    'counter',
    ['queue'],
    'Slots freed because nobody told that their owners were gone.',
  ),
  alert_firing: broker(
    'gauge',
    ['alert', 'queue', 'severity'],
    'Whether an alert of the library fires; queue is empty for one of the fleet.',
  ),
  broker_up: broker(
    'gauge',
    [],
    'Whether the broker answers, each of them where there are several; of one that does not, the other metrics are absent.',
  ),
  broker_latency_seconds: broker('gauge', [], 'Round trip to the broker.'),
  broker_memory_ratio: broker(
    'gauge',
    [],
    'Used share of the memory limit of the broker, 0 to 1; absent without a limit.',
  ),
} as const satisfies Readonly<Record<string, MetricDeclaration>>;

/** Name of a metric, without the prefix. */
export type MetricName = keyof typeof METRICS;

function process<const L extends readonly string[]>(
  type: MetricDeclaration['type'],
  labels: L,
  help: string,
) {
  return { type, of: 'process', labels, help } as const;
}

function broker<const L extends readonly string[]>(type: MetricDeclaration['type'], labels: L, help: string) {
  return { type, of: 'broker', labels, help } as const;
}
