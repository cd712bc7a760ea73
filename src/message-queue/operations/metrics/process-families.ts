import { COUNTER_AT } from '../../jobs/activity/activity-record.js';
import type { ActivityCounter, ActivityRecord } from '../../jobs/activity/activity-record.js';
import type { ProcessSeries, RefusedAdds } from '../../jobs/activity/process-activity.js';
import type { BreakerStatus } from '../../ports/circuit-breakers.js';
import { durationHistogram } from './duration-histogram.js';
import type { MetricFamily, Sample } from './exposition.js';
import type { MetricName } from './metric-table.js';

/** What this process knows of itself, since its start. */
export interface ProcessFacts {
  readonly series: readonly ProcessSeries[];
  readonly refused: readonly RefusedAdds[];
  /** Queues that it works on. */
  readonly queues: readonly { readonly queue: string; readonly slots: number; readonly busy: number }[];
  readonly breakers: readonly Pick<BreakerStatus, 'dependency' | 'state'>[];
  readonly loopLagMs: number;
  readonly build: { readonly version: string; readonly provider: string; readonly role: string };
}

type Count = (record: ActivityRecord) => number;

/** Dependencies that are shown: hosts may name one for each address that they call. */
const MOST_DEPENDENCIES = 100;

const counted =
  (counter: ActivityCounter): Count =>
  (record) =>
    record[COUNTER_AT[counter]] as number;

/** How runs end, and how many of a record did. */
const OUTCOMES: readonly (readonly [outcome: string, of: Count])[] = [
  ['completed', counted('completed')],
  // Those that timed out failed, too.
  ['failed', (record) => counted('failed')(record) - counted('timedOut')(record)],
  ['timed_out', counted('timedOut')],
  ['crashed', counted('crashed')],
  ['cancelled', counted('cancelled')],
  ['deferred', counted('deferred')],
];

/** The metrics of this process. */
export function processFamilies(facts: ProcessFacts): readonly MetricFamily[] {
  const { series, refused, queues, loopLagMs, build } = facts;
  return [
    bySeries('jobs_added_total', series, counted('added')),
    family(
      'adds_refused_total',
      refused.map(({ queue, reason, count }) => ({ labels: { queue, reason }, value: count })),
    ),
    family('attempts_total', series.flatMap(outcomesOf)),
    bySeries('jobs_retried_total', series, counted('retried')),
    family('dead_letters_total', series.flatMap(deadLettersOf)),
    family('wait_seconds', series.flatMap(histogramOf('wait'))),
    family('run_seconds', series.flatMap(histogramOf('run'))),
    family(
      'busy_slots',
      queues.map(({ queue, busy }) => ({ labels: { queue }, value: busy })),
    ),
    family(
      'slots',
      queues.map(({ queue, slots }) => ({ labels: { queue }, value: slots })),
    ),
    family('circuit_breaker_open', breakersOf(facts)),
    family('event_loop_lag_seconds', [{ labels: {}, value: loopLagMs / 1_000 }]),
    family('build_info', [{ labels: { ...build }, value: 1 }]),
  ];
}

function outcomesOf({ queue, job, record }: ProcessSeries): readonly Sample[] {
  return OUTCOMES.map(([outcome, of]) => ({ labels: { queue, job, outcome }, value: of(record) }));
}

function deadLettersOf({ queue, job, dead }: ProcessSeries): readonly Sample[] {
  return [...dead].map(([reason, count]) => ({ labels: { queue, job, reason }, value: count }));
}

/** Those that are open first. */
function breakersOf({ breakers }: ProcessFacts): readonly Sample[] {
  return breakers
    .map(({ dependency, state }) => ({ labels: { dependency }, value: state === 'CLOSED' ? 0 : 1 }))
    .toSorted((a, b) => b.value - a.value)
    .slice(0, MOST_DEPENDENCIES);
}

/** None of what never ran here: a process that only adds would show a dozen zeros for each. */
function histogramOf(of: 'wait' | 'run'): (series: ProcessSeries) => readonly Sample[] {
  return ({ queue, job, record }) => {
    const lines = durationHistogram(of, record, { queue, job });
    return lines.at(-1)?.value === 0 ? [] : lines;
  };
}

function bySeries(name: MetricName, series: readonly ProcessSeries[], of: Count): MetricFamily {
  return family(
    name,
    series.map(({ queue, job, record }) => ({ labels: { queue, job }, value: of(record) })),
  );
}

function family(name: MetricName, samples: readonly Sample[]): MetricFamily {
  return { name, samples };
}
