import { once } from 'node:events';
import type { Command } from 'commander';
import { isSealed } from '../../jobs/sealing/payload-seal.js';
import type { DeadLetter } from '../../dead-letter/dead-letter.js';
import { EXIT, UsageError } from '../cli-errors.js';
import type { CommandLine, Run } from '../command-line.js';
import { withCommon } from '../command-options.js';
import { many } from '../output/words.js';
import { filterOf, withFilter } from './letter-filter.js';
import type { FilterOptions } from './letter-filter.js';
import { shownLetter } from './letter-reads.js';
import { loadLetters } from './load-letters.js';

const PAGE = 1_000;
const FORMATS = ['ndjson', 'csv'];
const HEAD = ['queue', 'id', 'job', 'failedAt', 'attempts', 'error', 'text'];

interface ExportOptions extends FilterOptions {
  readonly format: string;
  readonly payload?: boolean;
}

/** `dead-letters export`: every letter, one a line. */
export function addLetterExport(letters: Command, commandLine: CommandLine): void {
  const command = withFilter(
    letters.command('export').description('every dead letter, one a line; with --json as one list'),
  )
    .option('--format <format>', 'ndjson or csv', 'ndjson')
    .option('--payload', 'with what they carry, unless it is sealed');
  withCommon(command, [
    'dead-letters export --from 1d > letters.ndjson',
    'dead-letters export --queue message-delivery --format csv > letters.csv',
  ]).action(async (options: ExportOptions) => {
    await commandLine.run(command, (run) => write(run, options));
  });
}

async function write(run: Run, options: ExportOptions): Promise<number | undefined> {
  const { terminal, signal, isJson } = run;
  const { format, payload: isPayloadShown = false } = options;
  if (!FORMATS.includes(format)) throw new UsageError('--format must be ndjson or csv.');
  const service = await loadLetters(run);
  const page = (cursor?: string): ReturnType<typeof service.list> =>
    service.list({ ...filterOf(options), limit: PAGE, ...(cursor !== undefined && { cursor }) });
  const toLine = lineWriter(isJson ? 'json' : format, isPayloadShown);
  // What is wrong with the filter is said before anything is written.
  let { letters, nextCursor } = await page();
  if (isJson) terminal.line('[');
  else if (format === 'csv') terminal.line([...HEAD, ...(isPayloadShown ? ['payload'] : [])].join(','));
  let written = 0;
  for (;;) {
    for (const letter of letters) terminal.line(toLine(letter, written++));
    await drained();
    if (nextCursor === null || signal.aborted) break;
    ({ letters, nextCursor } = await page(nextCursor));
  }
  if (isJson) terminal.line(']');
  terminal.note(`${many(written, 'dead letter')} written.`);
  return signal.aborted ? EXIT.interrupted : undefined;
}

/** One letter as one line; of JSON all lines together are one list. */
function lineWriter(format: string, isPayloadShown: boolean): (letter: DeadLetter, index: number) => string {
  if (format === 'csv') return (letter) => csvOf(letter, isPayloadShown);
  return (letter, index) => {
    const json = JSON.stringify(shownLetter(letter, isPayloadShown));
    return format === 'json' && index > 0 ? `,${json}` : json;
  };
}

/** What cannot be written yet is not piled up. */
async function drained(): Promise<void> {
  if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
}

function csvOf(letter: DeadLetter, isPayloadShown: boolean): string {
  const { queue, id, job, lastFailedAt, attempts, error, reason, payload } = letter;
  const fields = [queue, id, job, new Date(lastFailedAt).toISOString(), String(attempts), error, reason];
  if (isPayloadShown) fields.push(isSealed(payload) ? '' : JSON.stringify(payload));
  return fields.map(csvField).join(',');
}

/** A spreadsheet takes what begins with one of these for a formula. */
function csvField(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
