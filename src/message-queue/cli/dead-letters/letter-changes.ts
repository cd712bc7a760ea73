import type { Command } from 'commander';
import type { LetterAction } from '../../dead-letter/changes/letter-change.js';
import { EXIT, UsageError } from '../cli-errors.js';
import type { CommandLine, Run } from '../command-line.js';
import { wholeNumber, withChange } from '../command-options.js';
import type { ChangeOptions } from '../command-options.js';
import { confirm } from '../confirmation.js';
import { plain } from '../output/terminal.js';
import { count, many, moment } from '../output/words.js';
import { filterOf, withFilter } from './letter-filter.js';
import type { FilterOptions } from './letter-filter.js';
import { loadLetters } from './load-letters.js';

interface LetterOptions extends ChangeOptions, FilterOptions {
  readonly all?: boolean;
  readonly perSecond?: number;
}

const DONE = { replay: 'replayed', discard: 'discarded' } as const;
const DESCRIPTIONS: Readonly<Record<LetterAction, string>> = {
  replay: 'put dead letters back to waiting, with all their attempts; cancelled ones stay',
  discard: 'remove dead letters for good',
};

/** `dead-letters replay`, `discard`: preview, question, change. */
export function addLetterChanges(letters: Command, commandLine: CommandLine): void {
  for (const action of ['replay', 'discard'] as const) {
    const command = withFilter(letters.command(action).description(DESCRIPTIONS[action]))
      .option('--all', 'every letter of every queue: needed without a filter')
      .option('--per-second <number>', 'at most so many a second', wholeNumber);
    const reason = action === 'discard' ? ' --reason duplicates' : '';
    withChange(command, [
      `dead-letters ${action} --queue message-delivery --error ETIMEDOUT${reason}`,
      `dead-letters ${action} --group 3fa1…${reason} --yes --expect 27`,
    ]).action(async (options: LetterOptions) => {
      await commandLine.run(command, (run) => change(run, action, options));
    });
  }
}

async function change(run: Run, action: LetterAction, options: LetterOptions): Promise<number | undefined> {
  const { terminal, isJson, by, signal } = run;
  const filter = filterOf(options);
  checkCall(action, options, Object.keys(filter).length > 0);
  const service = await loadLetters(run);
  const { matched, until, byError, byJob, sample } = await service.preview(action, filter);
  if (!isJson) {
    terminal.line(
      `${many(matched, 'dead letter')} that failed until ${moment(until)} UTC ${matched === 1 ? 'matches' : 'match'}.`,
    );
    for (const [error, letters] of Object.entries(byError))
      terminal.line(`  ${count(letters)} × ${plain(error)}`);
    for (const { queue, id, error, reason } of sample) {
      terminal.line(terminal.painted(plain(`  such as ${queue} ${id}: ${error}: ${reason}`), 'quiet'));
    }
  }
  if (options.dryRun === true || matched === 0) {
    if (isJson) terminal.json({ dryRun: true, matched, until, byError, byJob });
    return undefined;
  }
  const { reason, perSecond } = options;
  await confirm(run, options, {
    question: `${action === 'replay' ? 'Replay' : 'Discard'} ${many(matched, 'dead letter')}?`,
    matched,
    deed: { by, action, target: (options.queue ?? []).join(', '), reason: reason ?? null, filter },
  });
  const done = await service.change(action, filter, {
    ...{ by, until, matched, signal },
    ...(reason !== undefined && { reason }),
    ...(perSecond !== undefined && { perSecond }),
    onProgress: (handled) => {
      if (!isJson && handled < matched) terminal.note(`${count(handled)} of ${count(matched)} …`);
    },
  });
  if (isJson) terminal.json({ dryRun: false, ...done });
  else {
    const gone = done.gone > 0 ? `; ${count(done.gone)} were gone by then` : '';
    const left = done.left > 0 ? `; ${count(done.left)} were not reached: the same call goes on` : '';
    terminal.line(`${many(done.moved, 'dead letter')} ${DONE[action]}${gone}${left}.`);
    for (const { id, why } of done.failed.slice(0, 20)) terminal.note(plain(`${id}: ${why}`));
  }
  return done.failed.length > 0 || done.left > 0 ? EXIT.failed : undefined;
}

function checkCall(action: LetterAction, { all, reason }: LetterOptions, hasFilter: boolean): void {
  if (!hasFilter && all !== true) {
    throw new UsageError(
      `Say which dead letters to ${action}: --queue, --job, --error, --from, --group or --where; or --all.`,
    );
  }
  if (action === 'discard' && reason === undefined) {
    throw new UsageError('To discard needs a reason for the audit: --reason duplicates');
  }
}
