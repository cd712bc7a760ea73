import type { FaultRow } from './fault-row.js';

const HEADINGS: readonly (readonly [keyof FaultRow, string])[] = [
  ['fault', 'fault'],
  ['acknowledged', 'acknowledged'],
  ['refused', 'refused'],
  ['inDoubt', 'in doubt'],
  ['addP99Ms', 'add p99 (ms)'],
  ['addMaxMs', 'max'],
  ['finished', 'finished'],
  ['finishedTwice', 'twice'],
  ['afterDeath', 'again'],
  ['afterLoss', 'lock lost'],
  ['falseCrashes', 'blamed'],
  ['deadLettered', 'dead letters'],
  ['wronglyDead', 'wrongly'],
  ['lost', 'lost'],
  ['keyedExpected', 'effects'],
  ['keyedEffects', 'happened'],
  ['keyedTwice', 'twice'],
  ['wrongExits', 'exits'],
  ['broken', 'broken'],
  ['secondsToRecover', 'recovery (s)'],
];

function cellOf(value: FaultRow[keyof FaultRow]): string {
  return String(typeof value === 'object' ? value.length : value);
}

/** The rows as a table for people. */
export function faultTable(rows: readonly FaultRow[]): string {
  const cells = [
    HEADINGS.map(([, title]) => title),
    ...rows.map((row) => HEADINGS.map(([field]) => cellOf(row[field]))),
  ];
  return textTable(cells, HEADINGS.map((_, column) => column).slice(1));
}

/**
 * Columns as wide as their widest cell.
 * @param numbers columns that are flush right, from 0
 */
export function textTable(cells: readonly (readonly string[])[], numbers: readonly number[]): string {
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((line) => line[column]?.length ?? 0)),
  );
  const pad = (text: string, column: number): string =>
    numbers.includes(column) ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0);
  return cells.map((line) => line.map(pad).join('  ').trimEnd()).join('\n');
}
