import type { Command } from 'commander';
import type { DeadLetter } from '../../dead-letter/dead-letter.js';
import { readyFilter } from '../../dead-letter/dead-letter-filter.js';
import { readPage } from '../../dead-letter/dead-letter-page.js';
import { readGroups } from '../../dead-letter/groups/letter-groups.js';
import type { LetterGroup } from '../../dead-letter/groups/letter-groups.js';
import { isSealed } from '../../jobs/sealing/payload-seal.js';
import type { CommandLine, Run } from '../command-line.js';
import { wholeNumber, withCommon } from '../command-options.js';
import { writeTable } from '../output/table.js';
import type { Column } from '../output/table.js';
import { plain } from '../output/terminal.js';
import { count, many, moment } from '../output/words.js';
import { filterOf, withFilter } from './letter-filter.js';
import type { FilterOptions } from './letter-filter.js';
import { loadLetters } from './load-letters.js';

const NONE = 'There are no dead letters.';

const LETTERS: readonly Column<DeadLetter>[] = [
  { title: 'failed (UTC)', text: ({ lastFailedAt }) => moment(lastFailedAt) },
  { title: 'queue', text: ({ queue }) => queue },
  { title: 'job', text: ({ job }) => job },
  { title: 'id', text: ({ id }) => id },
  { title: 'attempts', isNumber: true, text: ({ attempts }) => String(attempts) },
  { title: 'error', text: ({ error, reason }) => `${error}: ${reason}` },
];

const GROUPS: readonly Column<LetterGroup>[] = [
  { title: 'letters', isNumber: true, text: ({ letters }) => count(letters) },
  { title: 'queue', text: ({ queue }) => queue },
  { title: 'job', text: ({ job }) => job },
  { title: 'last (UTC)', text: ({ lastAt }) => moment(lastAt) },
  { title: 'group', text: ({ key }) => key },
  { title: 'error', text: ({ error, text }) => `${error}: ${text}` },
];

interface ListOptions extends FilterOptions {
  readonly limit: number;
  readonly cursor?: string;
}

/** `dead-letters list`, `groups`, `show`. */
export function addLetterReads(letters: Command, commandLine: CommandLine): void {
  const list = withFilter(letters.command('list').description('dead letters, the newest failure first'))
    .option('--limit <number>', 'letters, 1 to 1000', wholeNumber, 50)
    .option('--cursor <cursor>', 'go on where an earlier answer ended');
  withCommon(list, ['dead-letters list', 'dead-letters list --queue message-delivery --from 2h']).action(
    async (options: ListOptions) => {
      await commandLine.run(list, (run) => showList(run, options));
    },
  );
  const groups = withFilter(letters.command('groups').description('dead letters by queue, job and error'));
  withCommon(groups, ['dead-letters groups', 'dead-letters groups --json']).action(
    async (options: FilterOptions) => {
      await commandLine.run(groups, (run) => showGroups(run, options));
    },
  );
  const show = letters
    .command('show')
    .description('one dead letter: each failure, replays, and with --payload what it carries')
    .argument('<queue>')
    .argument('<id>')
    .option('--payload', 'show the payload, unless it is sealed');
  withCommon(show, ['dead-letters show message-delivery 0f8c…']).action(
    async (queue: string, id: string, options: { readonly payload?: boolean }) => {
      await commandLine.run(show, (run) => showOne(run, queue, id, options.payload === true));
    },
  );
}

async function showList(run: Run, options: ListOptions): Promise<undefined> {
  const { session, terminal, isJson } = run;
  const { limit, cursor } = options;
  const query = { ...filterOf(options), limit, ...(cursor !== undefined && { cursor }) };
  const queues = await session.queues();
  const { letters, nextCursor } = await readPage(queues, readyFilter(query, queues), query, queues.now());
  if (isJson) {
    terminal.json({ letters: letters.map((letter) => shownLetter(letter, false)), cursor: nextCursor });
    return undefined;
  }
  if (letters.length === 0) terminal.line(NONE);
  else writeTable(terminal, LETTERS, letters);
  if (nextCursor !== null) terminal.note(`There are more: --cursor ${nextCursor}`);
  return undefined;
}

async function showGroups(run: Run, options: FilterOptions): Promise<undefined> {
  const { session, terminal, isJson } = run;
  const queues = await session.queues();
  const found = await readGroups(queues, readyFilter(filterOf(options), queues));
  if (isJson) {
    terminal.json(found);
    return undefined;
  }
  if (found.of === 0) {
    terminal.line(NONE);
    return undefined;
  }
  if (found.groups.length > 0) writeTable(terminal, GROUPS, found.groups);
  const looked = `${many(found.groups.length, 'group')} of ${count(found.looked)} letters that were read; there are ${count(found.of)}.`;
  terminal.line(terminal.painted(looked, 'quiet'));
  return undefined;
}

async function showOne(run: Run, queue: string, id: string, isPayloadShown: boolean): Promise<undefined> {
  const { terminal, isJson } = run;
  const letter = await (await loadLetters(run)).get(queue, id);
  const shown = shownLetter(letter, isPayloadShown);
  if (isJson) {
    terminal.json(shown);
    return undefined;
  }
  terminal.line(`${letter.job} ${letter.id} of ${queue}, added ${moment(letter.addedAt)} UTC`);
  terminal.line(terminal.painted(plain(`${letter.error}: ${letter.reason}`), 'bad'));
  for (const { at, attempt, kind, error, message } of letter.failures) {
    terminal.line(`  ${moment(at)} attempt ${attempt} ${kind}: ${plain(`${error}: ${message}`)}`);
  }
  for (const { at, by } of letter.replays) terminal.line(`  ${moment(at)} replayed by ${plain(by)}`);
  if (letter.cancelled !== null) {
    terminal.line(`  ${moment(letter.cancelled.at)} cancelled: ${plain(letter.cancelled.reason)}`);
  }
  if (isPayloadShown)
    terminal.line(
      isSealed(letter.payload) ? 'The payload is sealed.' : JSON.stringify(letter.payload, null, 2),
    );
  return undefined;
}

/** A letter as JSON has it; what is sealed stays so. */
export function shownLetter(letter: DeadLetter, isPayloadShown: boolean): object {
  const { payload, failures, addedAt, firstFailedAt, lastFailedAt, ...rest } = letter;
  const hidden = isSealed(payload);
  return {
    ...rest,
    ...{ addedAt: isoOf(addedAt), firstFailedAt: isoOf(firstFailedAt), lastFailedAt: isoOf(lastFailedAt) },
    failures: failures.map(({ at, attempt, kind, error, message }) => ({
      at: isoOf(at),
      attempt,
      kind,
      error,
      message,
    })),
    isSealed: hidden,
    ...(isPayloadShown && { payload: hidden ? null : payload }),
  };
}

function isoOf(at: number): string {
  return new Date(at).toISOString();
}
