import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { ResultRow } from '../measurement.js';
import type { Unit } from '../reading.js';
import { medianOf } from './table.js';

/** The run that the documentation quotes; `npm run docs` makes `docs/performance.md` of it. */
export const QUOTED_FILE = join('bench', 'quoted.json');

/** One line of the quoted table. */
export interface QuotedRow {
  readonly id: string;
  readonly title: string;
  readonly row: string;
  readonly unit: Unit;
  /** By subject. */
  readonly medians: Readonly<Record<string, number>>;
}

/** What `QUOTED_FILE` holds. */
export interface QuotedResults {
  /** The day of the run, `2026-11-28`. */
  readonly day: string;
  readonly node: string;
  readonly redis: string;
  readonly cpus: number;
  readonly rounds: number;
  readonly scale: number;
  readonly rows: readonly QuotedRow[];
}

/** Writes the file. */
export function quoteResults(
  rows: readonly ResultRow[],
  redis: string,
  { rounds, scale }: { readonly rounds: number; readonly scale: number },
): void {
  const quoted: QuotedResults = {
    day: new Date().toISOString().slice(0, 10),
    node: process.version,
    redis,
    cpus: cpus().length,
    rounds,
    scale,
    rows: rows.map((row) => ({
      id: row.id ?? '',
      title: row.title,
      row: row.row,
      unit: row.unit,
      medians: Object.fromEntries(
        row.samples.map(({ subject }) => [subject, Number(medianOf(row, subject).toPrecision(4))]),
      ),
    })),
  };
  writeFileSync(QUOTED_FILE, `${JSON.stringify(quoted, null, 2)}\n`);
}
