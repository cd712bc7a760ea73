import type { QuotedResults, QuotedRow } from '../bench/report/quoted-results.js';
import { shownValue } from '../bench/report/table.js';
import { CONTESTANTS, PLAIN_BULL } from '../bench/subjects.js';

function cell({ medians }: QuotedRow, subject: string): string {
  const value = medians[subject];
  if (value === undefined) return '–';
  const ratio = value / (medians[PLAIN_BULL.name] ?? Number.NaN);
  return Number.isFinite(ratio) ? `${shownValue(value)} (${ratio.toFixed(2)})` : shownValue(value);
}

function measurement(id: string, rows: readonly QuotedRow[]): string {
  const subjects = CONTESTANTS.map(({ name }) => name).filter((name) =>
    rows.some(({ medians }) => medians[name] !== undefined),
  );
  const lines = rows.map((row) => [
    row.row === '' ? row.unit : `${row.row}, ${row.unit}`,
    ...subjects.map((subject) => cell(row, subject)),
  ]);
  const table = [['', ...subjects], ['---', ...subjects.map(() => '---:')], ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
  return `### ${rows[0]?.title ?? id}\n\n\`npm run bench -- --only ${id}\`\n\n${table}\n`;
}

/** `docs/performance.md`, from the run that is quoted. */
export function renderPerformancePage({ rows, ...run }: QuotedResults): string {
  const ids = [...new Set(rows.map(({ id }) => id))];
  const sections = ids.map((id) =>
    measurement(
      id,
      rows.filter((row) => row.id === id),
    ),
  );
  const caution =
    run.scale < 1 ? ' **This was a short run: it shows what is measured, not how fast it is.**' : '';
  return `# Performance

What \`npm run bench\` printed on ${run.day}: Node.js ${run.node}, Redis ${run.redis}, ${run.cpus} cores, the median of up to ${run.rounds} rounds.${caution} Numbers in brackets are ratios to plain Bull in the same run: more is better for jobs per second, less for everything else. Speed depends on the machine; the ratios, and above all CPU and commands per job, hardly do.

Each contestant runs in a process of its own, warmed up, and takes its turn on one redis-server, round by round.

- **plain Bull**: Bull 4 without any check.
- **BullMQ**, **bee-queue**: as their documentation advises.
- **careful host**: Bull with class-validator when a job is added and when it runs, ids, attempts and a backoff. It does what this library does for a job, and is its fair peer.
- **ours**: the whole way of a job on Redis, from the service to the handler. **ours, memory**: the same on the in-memory provider.

**one call** is no queue, but the floor under every add that is waited for: one script with one HSET and one LPUSH, sent with ioredis.

CPU of Node is the contestant's process, garbage collection included. Redis commands include those inside scripts; "sent by the client" counts calls over the network. Each section names the command that measures it again; \`npm run bench -- --help\` lists the options.

${sections.join('\n')}
This page is written by \`npm run docs\` from \`bench/quoted.json\`, which \`npm run bench -- --quote\` writes.
`;
}
