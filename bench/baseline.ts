import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchServer } from './bench-server.js';
import { CPU_MEASUREMENTS, measureCpuRatios } from './cpu-ratios.js';
import type { CpuRatios } from './cpu-ratios.js';

const FILE = join('bench', 'cpu-baseline.json');
/**
 * How much more than the baseline is the machine's noise: a busy one shares its caches. The same code made 0.29 and 0.52 of plain
 * Bull's on two of them, so that a part of a small ratio says little.
 */
const TOLERANCE = 0.5;
/** In parts of plain Bull's CPU per job: how far over its baseline any row may be. */
const LEAST_TOLERANCE = 0.25;

const limitOf = (baseline: number): number =>
  Math.max(baseline * (1 + TOLERANCE), baseline + LEAST_TOLERANCE);

interface Row {
  readonly id: string;
  readonly row: string;
  readonly ratio: number;
  /** NaN for a row that the baseline does not know. */
  readonly baseline: number;
}

function rowsOf(ratios: CpuRatios, baseline: CpuRatios): Row[] {
  return Object.entries(ratios).flatMap(([id, rows]) =>
    Object.entries(rows).map(([row, ratio]) => ({
      id,
      row,
      ratio,
      baseline: baseline[id]?.[row] ?? Number.NaN,
    })),
  );
}

/** Also a row without a baseline. */
const isOver = ({ ratio, baseline }: Row): boolean => !(ratio <= limitOf(baseline));
const isFarBelow = ({ ratio, baseline }: Row): boolean => ratio < baseline * (1 - TOLERANCE / 2);

function shown({ id, row, ratio, baseline }: Row): string {
  return `${id}, ${row}: ${ratio.toFixed(2)} of plain Bull's, baseline ${baseline.toFixed(2)}`;
}

/** @returns whether every row is within the tolerance; one that is not is measured a second time */
async function check(server: BenchServer): Promise<boolean> {
  const baseline = JSON.parse(readFileSync(FILE, 'utf8')) as CpuRatios;
  let rows = rowsOf(await measureCpuRatios(server, CPU_MEASUREMENTS), baseline);
  for (const row of rows) console.log(shown(row));
  const suspects = new Set(rows.filter(isOver).map(({ id }) => id));
  if (suspects.size > 0) {
    console.log(`Measured again: ${[...suspects].join(', ')}`);
    rows = rowsOf(await measureCpuRatios(server, [...suspects]), baseline);
  }
  const over = rows.filter(isOver);
  for (const row of over) {
    console.error(
      `CPU per job is over ${limitOf(row.baseline).toFixed(2)} of plain Bull's: ${shown(row)}. ` +
        `See where it goes with \`npm run bench -- --only ${row.id}\`; when the cost is meant, ` +
        `\`npm run bench:baseline\` writes ${FILE} anew.`,
    );
  }
  const better = rows.filter(isFarBelow);
  if (better.length > 0 && over.length === 0) {
    console.log(`Far below the baseline: \`npm run bench:baseline\` keeps it so.`);
  }
  return over.length === 0;
}

async function write(server: BenchServer): Promise<void> {
  const ratios = await measureCpuRatios(server, CPU_MEASUREMENTS);
  const rounded = Object.entries(ratios).map(
    ([id, rows]) =>
      [
        id,
        Object.fromEntries(Object.entries(rows).map(([row, ratio]) => [row, Number(ratio.toFixed(2))])),
      ] as const,
  );
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(rounded), null, 2)}\n`);
  for (const row of rowsOf(ratios, Object.fromEntries(rounded))) console.log(shown(row));
}

/**
 * Our CPU per job as a part of plain Bull's. Without arguments writes what is measured now; with `--check` compares it with what was
 * written, and ends with 1 when a row is over by more than the tolerance.
 */
async function main(): Promise<void> {
  const server = await BenchServer.start();
  const interrupted = (): void => void server.stop().finally(() => process.exit(130));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    if (!process.argv.includes('--check')) await write(server);
    else if (!(await check(server))) process.exitCode = 1;
  } finally {
    await server.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
