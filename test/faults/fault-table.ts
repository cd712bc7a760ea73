import type { FaultRow } from './fault-row.js';

const HEADINGS: readonly (readonly [keyof FaultRow, string])[] = [
  ['fault', 'fault'],
  ['acknowledged', 'acknowledged'],
  ['finished', 'finished'],
  ['finishedTwice', 'twice'],
  ['deadLettered', 'dead letters'],
  ['wronglyDead', 'wrongly'],
  ['lost', 'lost'],
  ['keyedExpected', 'keyed effects'],
  ['keyedEffects', 'happened'],
  ['keyedTwice', 'happened twice'],
  ['refused', 'refused'],
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
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  const pad = (text: string, column: number): string =>
    column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return cells.map((line) => line.map(pad).join('  ')).join('\n');
}
