import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import type { ResultRow } from '../measurement.js';
import { PLAIN_BULL } from '../subjects.js';
import { medianOf } from './table.js';

/** Writes every value and its median as JSON. @param path default `bench/results/<time>.json` @returns the file's path */
export function writeResults(
  rows: readonly ResultRow[],
  about: Readonly<Record<string, unknown>>,
  path?: string,
): string {
  const finishedAt = new Date().toISOString();
  const file = path ?? join('bench', 'results', `${finishedAt.replaceAll(':', '-')}.json`);
  mkdirSync(dirname(file), { recursive: true });
  const machine = { node: process.version, cpus: cpus().map(({ model }) => model), memoryBytes: totalmem() };
  const results = rows.map((row) => ({
    ...row,
    samples: row.samples.map((sample) => {
      const median = medianOf(row, sample.subject);
      return { ...sample, median, ratioToPlainBull: median / medianOf(row, PLAIN_BULL.name) };
    }),
  }));
  writeFileSync(file, `${JSON.stringify({ finishedAt, machine, ...about, results }, null, 2)}\n`);
  return file;
}
