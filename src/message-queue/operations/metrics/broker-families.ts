import type { BrokerLook } from '../../broker/activity-store.js';
import type { QueueSnapshot } from '../../broker/broker.js';
import { workersOf } from '../../monitoring/activity/recent-activity.js';
import type { MetricFamily, Sample } from './exposition.js';
import type { MetricName } from './metric-table.js';

/** A look as far as metrics show it. */
export type MeasuredLook = Pick<BrokerLook, 'at' | 'counts' | 'alerts' | 'instances'>;

/** What all processes share, at one moment. */
export interface BrokerFacts {
  /** Whether all brokers of the app answer. */
  readonly areUp: boolean;
  /** One of each broker that answers. */
  readonly looks: readonly MeasuredLook[];
  /** Of the slowest. */
  readonly latencyMs: number | null;
  /** Of the fullest, 0 to 1; null without a limit. */
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

/** The metrics of the broker; while none answers (null) only that. */
export function brokerFamilies(facts: BrokerFacts | null): readonly MetricFamily[] {
  if (facts === null) return [single('broker_up', 0)];
  const { areUp, latencyMs, memoryUsedRatio } = facts;
  const looks = eachQueueOnce(facts.looks);
  return [
    single('broker_up', areUp ? 1 : 0),
    single('broker_latency_seconds', latencyMs === null ? null : latencyMs / 1_000),
    single('broker_memory_ratio', memoryUsedRatio),
    {
      name: 'jobs',
      samples: looks.flatMap(({ counts }) =>
        [...counts].flatMap(([queue, snapshot]) =>
          STATES.map(([state, of]) => ({ labels: { queue, state }, value: of(snapshot) })),
        ),
      ),
    },
    byQueue('oldest_wait_seconds', looks, ({ oldestWaitingAt }, at) =>
      oldestWaitingAt === null ? 0 : Math.max(0, at - oldestWaitingAt) / 1_000,
    ),
    byQueue('paused', looks, ({ isPaused }) => (isPaused ? 1 : 0)),
    { name: 'workers', samples: looks.flatMap(workersIn) },
    { name: 'worker_utilization_ratio', samples: looks.flatMap(utilizationOf) },
    byQueue('jobs_expired_total', looks, ({ expired }) => expired),
    byQueue('keys_parked', looks, ({ flow }) => flow.parked),
    byQueue('rate_closed_seconds_total', looks, ({ flow }) => flow.rateClosedMs / 1_000),
    byQueue('flow_repairs_total', looks, ({ flow }) => flow.repairs),
    { name: 'alert_firing', samples: alertsOf(looks) },
  ];
}

/** Brokers that several apps share may each have a queue of the same name; the app's own come first. */
function eachQueueOnce(looks: readonly MeasuredLook[]): readonly MeasuredLook[] {
  const seen = new Set<string>();
  return looks.map((look) => {
    const counts = new Map([...look.counts].filter(([queue]) => !seen.has(queue)));
    for (const queue of counts.keys()) seen.add(queue);
    return { ...look, counts };
  });
}

function workersIn(look: MeasuredLook): readonly Sample[] {
  return [...look.counts.keys()].map((queue) => ({
    labels: { queue },
    value: workersOf(look, queue).workers,
  }));
}

function utilizationOf(look: MeasuredLook): readonly Sample[] {
  return [...look.counts.keys()].flatMap((queue) => {
    const { utilization } = workersOf(look, queue);
    return utilization === null ? [] : [{ labels: { queue }, value: utilization }];
  });
}

/** Two brokers of an app may each have an alert of a rule that is of no queue; it fires when one does. */
function alertsOf(looks: readonly MeasuredLook[]): readonly Sample[] {
  const samples = new Map<string, Sample>();
  for (const { rule, queue, severity, state } of looks.flatMap(({ alerts }) => alerts)) {
    const labels = { alert: rule, queue, severity };
    const key = JSON.stringify(labels);
    if (state === 'firing' || !samples.has(key)) {
      samples.set(key, { labels, value: state === 'firing' ? 1 : 0 });
    }
  }
  return [...samples.values()];
}

function byQueue(
  name: MetricName,
  looks: readonly MeasuredLook[],
  of: (snapshot: QueueSnapshot, at: number) => number,
): MetricFamily {
  const samples = looks.flatMap(({ counts, at }) =>
    [...counts].map(([queue, snapshot]) => ({ labels: { queue }, value: of(snapshot, at) })),
  );
  return { name, samples };
}

function single(name: MetricName, value: number | null): MetricFamily {
  return { name, samples: value === null ? [] : [{ labels: {}, value }] };
}
