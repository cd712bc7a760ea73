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
  const command = withFilter(letters.command('export').description('every dead letter, one a line'))
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
  const { terminal, signal } = run;
  const { format, payload: isPayloadShown = false } = options;
  if (!FORMATS.includes(format)) throw new UsageError('--format must be ndjson or csv.');
  const service = await loadLetters(run);
  const toLine = (letter: DeadLetter): string =>
    format === 'csv' ? csvOf(letter, isPayloadShown) : JSON.stringify(shownLetter(letter, isPayloadShown));
  if (format === 'csv') terminal.line([...HEAD, ...(isPayloadShown ? ['payload'] : [])].join(','));
  let [cursor, written] = [undefined as string | undefined, 0];
  do {
    const page = await service.list({
      ...filterOf(options),
      limit: PAGE,
      ...(cursor !== undefined && { cursor }),
    });
    for (const letter of page.letters) terminal.line(toLine(letter));
    written += page.letters.length;
    await drained();
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && !signal.aborted);
  terminal.note(`${many(written, 'dead letter')} written.`);
  return signal.aborted ? EXIT.interrupted : undefined;
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
