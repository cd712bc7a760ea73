import { plain } from './terminal.js';
import type { Terminal, Tone } from './terminal.js';

/** One column of a table. */
export interface Column<Row> {
  readonly title: string;
  /** What stands in it. */
  readonly text: (row: Row) => string;
  readonly isNumber?: boolean;
  readonly tone?: (row: Row) => Tone | undefined;
}

const GAP = '  ';
const LEAST_WIDTH = 12;

/** Writes rows in columns; the last one is cut where the terminal ends. */
export function writeTable<Row>(
  terminal: Terminal,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): void {
  const texts = rows.map((row) => columns.map(({ text }) => plain(text(row))));
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...texts.map((row) => widthOf(row[i]))),
  );
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP.length, 0);
  widths[widths.length - 1] = Math.min(widths.at(-1) ?? 0, Math.max(LEAST_WIDTH, terminal.width - before));
  const cells = (row: readonly string[]): string[] =>
    row.map((text, i) => placed(text, widths[i] ?? 0, columns[i]?.isNumber === true, i === row.length - 1));
  terminal.line(
    terminal.painted(
      cells(columns.map(({ title }) => title))
        .join(GAP)
        .trimEnd(),
      'quiet',
    ),
  );
  for (const [i, row] of rows.entries()) {
    const painted = cells(texts[i] ?? []).map((cell, at) => {
      const tone = columns[at]?.tone?.(row);
      return tone === undefined ? cell : terminal.painted(cell, tone);
    });
    terminal.line(painted.join(GAP).trimEnd());
  }
}

function widthOf(text = ''): number {
  return Array.from(text).length;
}

function placed(text: string, width: number, isNumber: boolean, isLast: boolean): string {
  const cut =
    widthOf(text) > width
      ? `${Array.from(text)
          .slice(0, Math.max(0, width - 1))
          .join('')}…`
      : text;
  const fill = ' '.repeat(Math.max(0, width - widthOf(cut)));
  if (isNumber) return fill + cut;
  return isLast ? cut : cut + fill;
}
