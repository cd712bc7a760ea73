import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { METRICS } from '../../src/message-queue/operations/metrics/metric-table.js';
import type { MetricName } from '../../src/message-queue/operations/metrics/metric-table.js';
import {
  ALERT_RULE_NAMES,
  ALERT_RULES,
} from '../../src/message-queue/monitoring/alerts/rules/alert-rules.js';
import { metricUses } from './promql.js';
import type { MetricUse } from './promql.js';
import { manifestsOf, runbookHeadings, shippedExpressions, shippedRules } from './shipped-files.js';

/** What Prometheus adds to each series, and histograms to their buckets. */
const ADDED_LABELS = ['instance', 'le'];

/** How late each event loop is: the worst of them, not their sum. */
const WORST_OF_PROCESSES = ['event_loop_lag_seconds'];

function problemWith({ metric, part, labels, aggregations }: MetricUse): string | null {
  if (!Object.hasOwn(METRICS, metric)) return `there is no metric "${metric}"`;
  const declared = METRICS[metric as MetricName];
  const known: readonly string[] = [...declared.labels, ...ADDED_LABELS];
  const unknown = labels.find((label) => !known.includes(label));
  if (unknown !== undefined) return `"${metric}" has no label "${unknown}"`;
  if ((part !== null) !== (declared.type === 'histogram')) return `"${metric}" is a ${declared.type}`;
  const [innermost, outer] = aggregations;
  if (innermost === undefined) return `"${metric}" is not aggregated: each process has one`;
  if (declared.of === 'process') {
    const wanted = WORST_OF_PROCESSES.includes(metric) ? 'max' : 'sum';
    return innermost.name === wanted
      ? null
      : `"${metric}" is of a process: use ${wanted}, not ${innermost.name}`;
  }
  // What several states have together is summed within one process only.
  const isWithinOne = innermost.name === 'sum' && innermost.by.includes('instance') && outer?.name === 'max';
  return ['max', 'min'].includes(innermost.name) || isWithinOne
    ? null
    : `"${metric}" is the same from every process: use max, not ${innermost.name}`;
}

describe('what is shipped for Prometheus and Grafana', () => {
  it.each(shippedExpressions().map(({ place, expr }) => [place, expr]))('%s: %s', (_place, expr) => {
    const uses = metricUses(expr);
    expect(uses.length).toBeGreaterThan(0);
    expect(uses.map(problemWith).filter((problem) => problem !== null)).toEqual([]);
  });

  it.each([
    ['sum by (queue) (message_queue_jobs)', 'the same from every process'],
    ['max by (queue) (rate(message_queue_attempts_total[5m]))', 'is of a process'],
    ['max by (queue) (message_queue_job)', 'there is no metric "job"'],
    ['max by (queue, job) (message_queue_jobs)', 'has no label "job"'],
    ['sum by (queue) (message_queue_attempts_total{result="failed"})', 'has no label "result"'],
    ['message_queue_broker_up', 'is not aggregated'],
    ['sum by (queue) (message_queue_run_seconds)', 'is a histogram'],
  ])('would be found: %s', (expr, problem) => {
    expect(metricUses(expr).map(problemWith).join()).toContain(problem);
  });

  it('has every metric of the table on the dashboard', () => {
    const used = new Set(
      shippedExpressions()
        .filter(({ place }) => place.startsWith('panel'))
        .flatMap(({ expr }) => metricUses(expr).map(({ metric }) => metric)),
    );
    const left = Object.keys(METRICS).filter((name) => !used.has(name));
    expect(left).toEqual(['rate_closed_seconds_total', 'flow_repairs_total']);
  });

  it('has the rules of the library, with their names, severities and places in the runbook', () => {
    const rules = shippedRules();
    expect(rules.map(({ alert }) => alert)).toEqual(ALERT_RULE_NAMES);
    for (const { alert, labels, annotations } of rules) {
      const { defaults } = ALERT_RULES[alert as keyof typeof ALERT_RULES];
      expect([alert, labels.severity]).toEqual([alert, defaults.severity]);
      expect(annotations.runbook_url).toBe(`docs/operations.md#${alert.toLowerCase()}`);
    }
  });

  it('has a heading of the runbook for each alert', () => {
    expect(runbookHeadings()).toEqual(expect.arrayContaining([...ALERT_RULE_NAMES]));
  });

  it('passes promtool, where it is installed', () => {
    const checked = spawnSync('promtool', ['check', 'rules', 'deploy/prometheus/message-queue.rules.yml']);
    if (checked.error === undefined)
      expect(`${checked.stdout.toString()}${checked.stderr.toString()}`).toContain('SUCCESS');
  });
});

describe('the manifests for Kubernetes', () => {
  const deployments = ['web', 'worker'].map((name) => manifestsOf(`deploy/kubernetes/${name}.yaml`)[0]!);

  it('can be read', () => {
    for (const file of readdirSync('deploy/kubernetes'))
      expect(manifestsOf(`deploy/kubernetes/${file}`)[0]).toMatchObject({ apiVersion: expect.any(String) });
  });

  it.each(deployments.map((one) => [(one as { metadata: { name: string } }).metadata.name, one]))(
    'of %s ask the probes that there are, and leave time to end jobs',
    (_name, deployment) => {
      const { template } = (deployment as unknown as { spec: { template: { spec: PodSpec } } }).spec;
      const { terminationGracePeriodSeconds, containers } = template.spec;
      const [{ env, livenessProbe, readinessProbe }] = containers;
      const value = (name: string): string | undefined => env.find((one) => one.name === name)?.value;
      const documented = readFileSync('.env.example', 'utf8');
      for (const { name } of env.filter((one) => one.name !== 'PORT'))
        expect(documented).toContain(`${name}=`);
      const port = Number(value('MESSAGE_QUEUE_PROBES'));
      expect(livenessProbe.httpGet).toEqual({ path: '/health/live', port });
      expect(readinessProbe.httpGet).toEqual({ path: '/health/ready', port });
      const drainMs = Number(value('MESSAGE_QUEUE_SHUTDOWN_TIMEOUT_MS') ?? 20_000);
      const graceMs = Number(value('MESSAGE_QUEUE_ABORT_GRACE_MS') ?? 5_000);
      expect(terminationGracePeriodSeconds * 1_000).toBeGreaterThan(drainMs + graceMs + 2_000);
    },
  );
});

interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly [
    {
      readonly env: readonly { readonly name: string; readonly value: string }[];
      readonly livenessProbe: { readonly httpGet: object };
      readonly readinessProbe: { readonly httpGet: object };
    },
  ];
}
