import type { BrokerLook, Instance } from '../../broker/activity-store.js';
import type { QueueSnapshot } from '../../broker/broker.js';
import type { MetricFamily, Sample } from './exposition.js';
import type { MetricName } from './metric-table.js';

/** What all processes share, at one moment. */
export interface BrokerFacts {
  readonly look: Pick<BrokerLook, 'at' | 'counts' | 'alerts'>;
  /** Those that are alive. */
  readonly instances: readonly Pick<Instance, 'queues'>[];
  readonly latencyMs: number | null;
  /** 0 to 1; null without a limit. */
  readonly memoryUsedRatio: number | null;
}

/** States in which jobs are shown, and how many of a queue are in each. */
const STATES: readonly (readonly [state: string, of: (snapshot: QueueSnapshot) => number])[] = [
  ['waiting', ({ waiting }) => waiting],
  ['active', ({ active }) => active],
  ['delayed', ({ delayed }) => delayed],
  ['paused', ({ paused }) => paused],
  ['held', ({ flow }) => flow.held],
  ['completed', ({ completed }) => completed],
  ['failed', ({ failed }) => failed],
];

/** The metrics of the broker; while it is away (null) only that it is. */
export function brokerFamilies(facts: BrokerFacts | null): readonly MetricFamily[] {
  if (facts === null) return [single('broker_up', 0)];
  const { look, latencyMs, memoryUsedRatio } = facts;
  const queues = [...look.counts];
  return [
    single('broker_up', 1),
    single('broker_latency_seconds', latencyMs === null ? null : latencyMs / 1_000),
    single('broker_memory_ratio', memoryUsedRatio),
    {
      name: 'jobs',
      samples: queues.flatMap(([queue, snapshot]) =>
        STATES.map(([state, of]) => ({ labels: { queue, state }, value: of(snapshot) })),
      ),
    },
    byQueue('oldest_wait_seconds', queues, ({ oldestWaitingAt }) =>
      oldestWaitingAt === null ? 0 : Math.max(0, look.at - oldestWaitingAt) / 1_000,
    ),
    byQueue('paused', queues, ({ isPaused }) => (isPaused ? 1 : 0)),
    ...workerFamilies(facts),
    byQueue('jobs_expired_total', queues, ({ expired }) => expired),
    byQueue('keys_parked', queues, ({ flow }) => flow.parked),
    byQueue('rate_closed_seconds_total', queues, ({ flow }) => flow.rateClosedMs / 1_000),
    byQueue('flow_repairs_total', queues, ({ flow }) => flow.repairs),
    {
      name: 'alert_firing',
      samples: look.alerts.map(({ rule, queue, severity, state }) => ({
        labels: { alert: rule, queue, severity },
        value: state === 'firing' ? 1 : 0,
      })),
    },
  ];
}

function workerFamilies({ look, instances }: BrokerFacts): readonly MetricFamily[] {
  const workers: Sample[] = [];
  const utilization: Sample[] = [];
  for (const queue of look.counts.keys()) {
    const working = instances.flatMap(({ queues }) => {
      const slots = Object.hasOwn(queues, queue) ? queues[queue] : undefined;
      return slots === undefined ? [] : [slots];
    });
    const slots = working.reduce((sum, [of]) => sum + of, 0);
    const busy = working.reduce((sum, [, of]) => sum + of, 0);
    workers.push({ labels: { queue }, value: working.length });
    if (slots > 0) utilization.push({ labels: { queue }, value: busy / slots });
  }
  return [
    { name: 'workers', samples: workers },
    { name: 'worker_utilization_ratio', samples: utilization },
  ];
}

function byQueue(
  name: MetricName,
  queues: readonly (readonly [string, QueueSnapshot])[],
  of: (snapshot: QueueSnapshot) => number,
): MetricFamily {
  return { name, samples: queues.map(([queue, snapshot]) => ({ labels: { queue }, value: of(snapshot) })) };
}

function single(name: MetricName, value: number | null): MetricFamily {
  return { name, samples: value === null ? [] : [{ labels: {}, value }] };
}
