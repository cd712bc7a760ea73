import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRIC_PREFIX, METRICS } from '../../src/message-queue/operations/metrics/metric-table.js';
import type { MetricDeclaration } from '../../src/message-queue/operations/metrics/metric-table.js';

describe('docs/monitoring.md', () => {
  it('has every metric with its labels and help, and names no other', () => {
    const page = readFileSync(join(__dirname, '../../docs/monitoring.md'), 'utf8');
    const section = page.split(/^## /m).find((text) => text.startsWith('Metrics')) ?? '';
    const rows = [...section.matchAll(/^\| `(\w+)`\s*\|\s*(\w+)\s*\|\s*([^|]*?)\s*\|\s*([^|]*?)\s*\|$/gm)];
    const documented = rows.map(([, name, type, labels, help]) => [name, type, labels, help]);
    const declared = Object.entries<MetricDeclaration>(METRICS).map(([name, { type, labels, help }]) => [
      name,
      type,
      labels.map((label) => `\`${label}\``).join(', ') || '–',
      help,
    ]);
    expect(documented).toEqual(declared);
    expect(section).toContain(METRIC_PREFIX);
  });
});
