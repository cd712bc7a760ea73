import { METRIC_PREFIX, METRICS } from './metric-table.js';
import type { MetricName } from './metric-table.js';

/** Value of a metric for one set of labels; of a histogram one of its lines. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** What stands behind the name of a histogram. */
  readonly part?: 'bucket' | 'sum' | 'count';
}

/** A metric with its values at one moment. */
export interface MetricFamily {
  readonly name: MetricName;
  readonly samples: readonly Sample[];
}

/** What a scrape gets: the text format of Prometheus. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Writes metrics in the text format 0.0.4: of each HELP and TYPE once, then its values. One without values is left out: a metric that is
 * absent says more than one that stands at zero.
 */
export function exposition(families: readonly MetricFamily[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(familyText)
    .join('');
}

function familyText({ name, samples }: MetricFamily): string {
  const full = METRIC_PREFIX + name;
  const { help, type } = METRICS[name];
  const lines = samples.map(
    ({ part, labels, value }) =>
      `${part === undefined ? full : `${full}_${part}`}${labelsText(labels)} ${numberText(value)}\n`,
  );
  return `# HELP ${full} ${escaped(help)}\n# TYPE ${full} ${type}\n${lines.join('')}`;
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const written = Object.entries(labels).map(
    ([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`,
  );
  return written.length === 0 ? '' : `{${written.join(',')}}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
