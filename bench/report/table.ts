import type { ResultRow } from '../measurement.js';
import { median } from '../statistics.js';
import { PLAIN_BULL, CONTESTANTS } from '../subjects.js';

/** The median of one subject's values; NaN when it has none. */
export function medianOf(row: ResultRow, subject: string): number {
  return median(row.samples.find((sample) => sample.subject === subject)?.values ?? []);
}

/** A value with three digits. */
export function shownValue(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

/** A median and its ratio to plain Bull's, where both were measured. */
function cell(row: ResultRow, subject: string): string {
  const value = medianOf(row, subject);
  if (Number.isNaN(value)) return '–';
  const ratio = value / medianOf(row, PLAIN_BULL.name);
  return Number.isFinite(ratio) ? `${shownValue(value)}  ${ratio.toFixed(2)}` : shownValue(value);
}

function bold(text: string): string {
  return process.stdout.isTTY && process.env['NO_COLOR'] === undefined ? `\u001B[1m${text}\u001B[0m` : text;
}

/** Those of the known subjects that were measured, in the table's order; others (of other programs) as they come. */
function subjectsOf(rows: readonly ResultRow[]): string[] {
  const measured = new Set(rows.flatMap(({ samples }) => samples.map(({ subject }) => subject)));
  const known = CONTESTANTS.map(({ name }) => name).filter((name) => measured.has(name));
  return [...known, ...[...measured].filter((name) => !known.includes(name))];
}

/** The rows as a text table, grouped by measurement: medians, and the ratio to plain Bull (1.00). */
export function table(rows: readonly ResultRow[]): string {
  const subjects = subjectsOf(rows);
  const labels = rows.map(({ row, unit }) => `  ${row === '' ? unit : `${row}, ${unit}`}`);
  const labelWidth = Math.max(...labels.map(({ length }) => length));
  const width = Math.max(14, ...subjects.map(({ length }) => length)) + 2;
  const lines = [bold(' '.repeat(labelWidth) + subjects.map((name) => name.padStart(width)).join(''))];
  let title = '';
  for (const [index, row] of rows.entries()) {
    if (row.title !== title)
      lines.push(bold(row.id === null ? row.title : `${row.title} (--only ${row.id})`));
    title = row.title;
    const cells = subjects.map((subject) => cell(row, subject).padStart(width));
    lines.push((labels[index] ?? '').padEnd(labelWidth) + cells.join(''));
  }
  return lines.join('\n');
}
