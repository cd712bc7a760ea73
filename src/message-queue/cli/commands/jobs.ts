import type { Command } from 'commander';
import type { FoundJob } from '../../finding/found-job.js';
import type { JobQuery } from '../../finding/job-query.js';
import type { CommandLine, Run } from '../command-line.js';
import { wholeNumber, withCommon } from '../command-options.js';
import { writeTable } from '../output/table.js';
import type { Column } from '../output/table.js';
import { count, moment, orNone } from '../output/words.js';

const COLUMNS: readonly Column<FoundJob>[] = [
  { title: 'queue', text: ({ queue }) => queue },
  { title: 'id', text: ({ id }) => id },
  { title: 'job', text: ({ job }) => job },
  {
    title: 'state',
    text: ({ state }) => state,
    tone: ({ state }) => (state === 'failed' ? 'bad' : undefined),
  },
  { title: 'added (UTC)', text: ({ addedAt }) => moment(addedAt) },
  { title: 'attempts', isNumber: true, text: ({ attempts }) => String(attempts) },
  { title: 'error', text: ({ error }) => orNone(error) },
];

type FindOptions = Omit<JobQuery, 'q'>;

/** `jobs find`: jobs by their id, state, name, or what stands in them. */
export function addJobs(program: Command, commandLine: CommandLine): void {
  const jobs = program.command('jobs').description('jobs in every state');
  const find = jobs
    .command('find')
    .description('jobs by id, state, name, a text, or a field of the payload; newest first')
    .argument('[text]', 'a text, or a condition such as "user.id = 42"; sealed payloads are not searched')
    .option('--queue <name>', 'only of this one')
    .option('--state <state>', 'waiting, active, delayed, paused, completed, failed or expired')
    .option('--name <job>', 'only of this name')
    .option('--id <id>', 'the job with this id, in every queue')
    .option('--limit <number>', 'jobs, 1 to 1000', wholeNumber, 50)
    .option('--cursor <cursor>', 'go on where an earlier answer ended');
  withCommon(find, [
    'jobs find --id 0f8c…',
    'jobs find "user.id = 42" --queue file-processing --state failed',
  ]).action(async (q: string | undefined, options: FindOptions) => {
    await commandLine.run(find, (run) => show(run, { ...options, ...(q !== undefined && { q }) }));
  });
}

async function show({ session, terminal, isJson }: Run, options: JobQuery): Promise<undefined> {
  const { JobSearch } =
    require('../../finding/job-search.js') as typeof import('../../finding/job-search.js');
  const { queue, state, name, id, q, limit, cursor } = options;
  const given = Object.entries({ queue, state, name, id, q, limit, cursor }).filter(
    ([, value]) => value !== undefined,
  );
  const found = await new JobSearch(await session.queues()).find(Object.fromEntries(given));
  if (isJson) {
    terminal.json(found);
    return undefined;
  }
  if (found.jobs.length > 0) writeTable(terminal, COLUMNS, found.jobs);
  const looked = `${count(found.jobs.length)} found; ${count(found.looked)} of ${count(found.of)} jobs were looked at.`;
  terminal.line(terminal.painted(looked, 'quiet'));
  if (found.cursor !== null) terminal.note(`There may be more: --cursor ${found.cursor}`);
  return undefined;
}
