import { readFileSync } from 'node:fs';
import { parse, parseAllDocuments } from 'yaml';

/** A rule that is shipped for Prometheus. */
export interface ShippedRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
}

/** An expression, and where it stands. */
export interface ShippedExpression {
  readonly place: string;
  readonly expr: string;
}

/** The rules for Prometheus. */
export function shippedRules(): readonly ShippedRule[] {
  const file = parse(readFileSync('deploy/prometheus/message-queue.rules.yml', 'utf8')) as {
    readonly groups: readonly { readonly rules: readonly ShippedRule[] }[];
  };
  return file.groups.flatMap(({ rules }) => rules);
}

/** The panels of the dashboard that show something. */
function shippedPanels(): readonly Panel[] {
  const file = JSON.parse(readFileSync('deploy/grafana/message-queue.json', 'utf8')) as {
    readonly panels: readonly Panel[];
  };
  return file.panels.filter(({ type }) => type !== 'row');
}

/** Every expression of rules, dashboard, autoscaler and runbook. */
export function shippedExpressions(): readonly ShippedExpression[] {
  const scaler = parse(readFileSync('deploy/kubernetes/keda.yaml', 'utf8')) as {
    readonly spec: { readonly triggers: readonly { readonly metadata: { readonly query: string } }[] };
  };
  const runbook = readFileSync('docs/operations.md', 'utf8');
  return [
    ...shippedRules().map(({ alert, expr }) => ({ place: `rule ${alert}`, expr })),
    ...shippedPanels().flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ place: `panel "${title}"`, expr })),
    ),
    ...scaler.spec.triggers.map(({ metadata }) => ({ place: 'keda.yaml', expr: metadata.query })),
    ...[...runbook.matchAll(/```promql\n(.*?)```/gs)].map(([, expr = '']) => ({ place: 'runbook', expr })),
  ];
}

/** The documents of a manifest. */
export function manifestsOf(file: string): readonly Record<string, unknown>[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).map((one) => one.toJS() as Record<string, unknown>);
}

/** Headings of the runbook. */
export function runbookHeadings(): readonly string[] {
  const text = readFileSync('docs/operations.md', 'utf8');
  return [...text.matchAll(/^#{2,4} (.+)$/gm)].map(([, heading = '']) => heading);
}
