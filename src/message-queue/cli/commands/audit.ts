import type { Command } from 'commander';
import type { OperatorEntry } from '../../broker/activity-store.js';
import { UsageError } from '../cli-errors.js';
import type { CommandLine } from '../command-line.js';
import { wholeNumber, withCommon } from '../command-options.js';
import { writeTable } from '../output/table.js';
import type { Column } from '../output/table.js';
import { count, moment, orNone } from '../output/words.js';

const COLUMNS: readonly Column<OperatorEntry>[] = [
  { title: 'at (UTC)', text: ({ at }) => moment(at) },
  { title: 'who', text: ({ by }) => by },
  { title: 'via', text: ({ via }) => via },
  { title: 'what', text: ({ action }) => action },
  {
    ...{ title: 'outcome', text: ({ outcome }) => outcome },
    tone: ({ outcome }) => (outcome === 'failed' || outcome === 'refused' ? 'warning' : undefined),
  },
  { title: 'jobs', isNumber: true, text: (entry) => (entry.count === null ? '–' : count(entry.count)) },
  { title: 'target', text: ({ target }) => orNone(target) },
  { title: 'reason', text: ({ reason }) => orNone(reason) },
  { title: 'filter', text: ({ filter }) => orNone(filter) },
];

/** `audit`: who changed what. */
export function addAudit(program: Command, commandLine: CommandLine): void {
  const command = program
    .command('audit')
    .description('who changed what, or tried to, newest first')
    .option('--limit <number>', 'entries, 1 to 200', wholeNumber, 50)
    .option('--before <id>', 'entries before this one, as --json has it');
  withCommon(command, ['audit', 'audit --limit 200 --json']).action(
    async ({ limit, before }: { readonly limit: number; readonly before?: string }) => {
      await commandLine.run(command, async ({ session, terminal, isJson }) => {
        if (limit < 1 || limit > 200) throw new UsageError('--limit must be 1 to 200.');
        const { activity } = await session.readings();
        const entries = await activity.notes({ limit, ...(before !== undefined && { before }) });
        if (isJson) terminal.json({ entries });
        else if (entries.length === 0) terminal.line('Nobody has changed anything yet.');
        else writeTable(terminal, COLUMNS, entries);
        return undefined;
      });
    },
  );
}
