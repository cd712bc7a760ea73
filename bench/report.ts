import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { ResultRow } from './measurement.js';
import { median } from './statistics.js';

const RESULTS = join('bench', 'results');
const YARDSTICK = 'plain Bull';

function medianOf(row: ResultRow, subject: string): number {
  return median(row.samples.find((sample) => sample.subject === subject)?.values ?? []);
}

function shown(value: number): string {
  if (Number.isNaN(value)) return '–';
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

function bold(text: string): string {
  return process.stdout.isTTY && process.env['NO_COLOR'] === undefined ? `\u001B[1m${text}\u001B[0m` : text;
}

/** The rows as a text table: medians, and the ratio to plain Bull (1.00) where both were measured. */
export function table(rows: readonly ResultRow[], subjects: readonly string[]): string {
  const titleWidth = Math.max(...rows.map(({ title, unit }) => title.length + unit.length + 2));
  const columnWidth = Math.max(20, ...subjects.map((name) => name.length + 2));
  const head = ' '.repeat(titleWidth) + subjects.map((name) => name.padStart(columnWidth)).join('');
  const lines = rows.map((row) => {
    const yardstick = medianOf(row, YARDSTICK);
    const cells = subjects.map((subject) => {
      const value = medianOf(row, subject);
      const ratio = value / yardstick;
      return `${shown(value)}${Number.isNaN(ratio) ? '       ' : ratio.toFixed(2).padStart(7)}`;
    });
    return (
      `${row.title}, ${row.unit}`.padEnd(titleWidth) +
      cells.map((cell) => cell.padStart(columnWidth)).join('')
    );
  });
  return [bold(head), ...lines].join('\n');
}

/** Writes every value and its median as JSON. @returns the file's path */
export function writeResults(rows: readonly ResultRow[], about: Record<string, unknown>): string {
  mkdirSync(RESULTS, { recursive: true });
  const finishedAt = new Date().toISOString();
  const file = join(RESULTS, `${finishedAt.replaceAll(':', '-')}.json`);
  const machine = { node: process.version, cpus: cpus().map(({ model }) => model), memoryBytes: totalmem() };
  const results = rows.map((row) => ({
    ...row,
    samples: row.samples.map((sample) => ({
      ...sample,
      median: median(sample.values),
      ratioToPlainBull: median(sample.values) / medianOf(row, YARDSTICK),
    })),
  }));
  writeFileSync(file, `${JSON.stringify({ finishedAt, machine, ...about, results }, null, 2)}\n`);
  return file;
}
