import type { EventsReading, MonitoredDurations } from '../../../kernel/monitored/monitored-events.js';
import type { EVENT_METRICS } from './event-metric-table.js';
import type { MetricFamily, Sample } from './exposition.js';

/** Classes that are shown, of powers of two of a microsecond: 0.26, 1, 4.1, 16, 66, 262 ms, 1.05 and 4.2 s. */
const SHOWN_CLASSES = [8, 10, 12, 14, 16, 18, 20, 22];
const MICROS_PER_S = 1_000_000;

type Samples = Readonly<Record<keyof typeof EVENT_METRICS, readonly Sample[]>>;

/** The metrics of the bus of events; null: this app has none, and nothing is shown. */
export function eventFamilies(reading: EventsReading | null): readonly MetricFamily[] {
  return Object.entries(reading === null ? NOTHING : samplesOf(reading)).map(([name, samples]) => {
    return { name: name as keyof Samples, samples };
  });
}

function samplesOf(reading: EventsReading): Samples {
  const { deadLetters, threads, places } = reading;
  return {
    events_emitted_total: labelled('lane', reading.emittedInLanes),
    events_handled_total: byPlace(reading, ({ done }) => done),
    event_runs_failed_total: byPlace(reading, ({ failed }) => failed),
    events_refused_total: single(reading.refused),
    events_unhandled_total: single(reading.unhandled),
    event_retries_total: single(reading.retries),
    event_dead_letters_total: single(deadLetters.total),
    event_dead_letters: single(deadLetters.kept),
    events_ready: labelled('lane', reading.readyInLanes),
    events_stored: single(reading.size),
    event_buffer_ratio: labelled('of', { events: reading.utilization, memory: reading.memoryUsage }),
    event_threads: labelled('state', {
      ...{ wanted: threads.wanted, live: threads.live },
      busy: places.filter(({ owner, running }) => owner !== 0 && running > 0).length,
    }),
    event_thread_restarts_total: single(threads.restarts),
    event_thread_crashes_total: single(reading.crashes),
    event_stalls_total: single(reading.stalls),
    event_fallback: single(reading.isFallback ? 1 : 0),
    event_bus_busy_seconds_total: single(reading.busyMs / 1_000),
    event_wait_seconds: histogram(reading.waits),
    event_run_seconds: histogram(reading.runs),
    event_alert_firing: reading.alerts.map(({ code, severity }) => {
      return { labels: { alert: code, severity }, value: 1 };
    }),
  };
}

const NOTHING: Samples = {
  ...{ events_emitted_total: [], events_handled_total: [], event_runs_failed_total: [] },
  ...{ events_refused_total: [], events_unhandled_total: [], event_retries_total: [] },
  ...{ event_dead_letters_total: [], event_dead_letters: [], events_ready: [], events_stored: [] },
  ...{ event_buffer_ratio: [], event_threads: [], event_thread_restarts_total: [] },
  ...{ event_thread_crashes_total: [], event_stalls_total: [], event_fallback: [] },
  ...{ event_bus_busy_seconds_total: [], event_wait_seconds: [], event_run_seconds: [] },
  event_alert_firing: [],
};

function single(value: number): readonly Sample[] {
  return [{ labels: {}, value }];
}

function labelled(label: string, values: object): readonly Sample[] {
  return Object.entries(values).map(([name, value]) => ({
    labels: { [label]: name },
    value: value as number,
  }));
}

function byPlace(
  { places }: EventsReading,
  of: (place: EventsReading['places'][number]) => number,
): readonly Sample[] {
  const sums = { threads: 0, main: 0 };
  for (const place of places) sums[place.owner === 0 ? 'main' : 'threads'] += of(place);
  return labelled('place', sums);
}

/** A class counts what is below its bound, so the counts of the buckets that are shown are exact. */
function histogram({ classes, sumMs }: MonitoredDurations): readonly Sample[] {
  const upTo = (last: number): number => classes.slice(0, last + 1).reduce((sum, count) => sum + count, 0);
  const count = upTo(classes.length - 1);
  const buckets = SHOWN_CLASSES.map((index) => {
    return { part: 'bucket', labels: { le: String(2 ** index / MICROS_PER_S) }, value: upTo(index) } as const;
  });
  return [
    ...buckets,
    { part: 'bucket', labels: { le: '+Inf' }, value: count },
    { part: 'sum', labels: {}, value: sumMs / 1_000 },
    { part: 'count', labels: {}, value: count },
  ];
}
