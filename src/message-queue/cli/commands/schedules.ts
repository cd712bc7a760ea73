import type { Command } from 'commander';
import type { ScheduleStatus } from '../../schedules/schedule-status.js';
import type { CommandLine, Run } from '../command-line.js';
import { withChange, withCommon } from '../command-options.js';
import type { ChangeOptions } from '../command-options.js';
import { confirm } from '../confirmation.js';
import { writeTable } from '../output/table.js';
import type { Column } from '../output/table.js';
import { count, moment } from '../output/words.js';
import { OperatorLog } from '../session/operator-log.js';

const COLUMNS: readonly Column<ScheduleStatus>[] = [
  { title: 'queue', text: ({ queue }) => queue },
  { title: 'key', text: ({ key }) => key },
  { title: 'job', text: ({ job }) => job },
  { title: 'when', text: ({ repeat }) => timesOf(repeat) },
  {
    ...{ title: 'state', text: ({ state }) => state },
    tone: ({ state }) => (state === 'dead' ? 'bad' : state === 'paused' ? 'warning' : undefined),
  },
  { title: 'next run (UTC)', text: ({ nextRunAt }) => moment(nextRunAt) },
  { title: 'last run (UTC)', text: ({ lastRunAt }) => moment(lastRunAt) },
  { title: 'runs', isNumber: true, text: ({ runs }) => count(runs) },
];

/** `schedules`: what runs again and again. */
export function addSchedules(program: Command, commandLine: CommandLine): void {
  const schedules = program.command('schedules').description('what runs again and again');
  const list = schedules
    .command('list')
    .description('every schedule')
    .argument('[queue]', 'only of this one');
  withCommon(list, ['schedules list', 'schedules list message-cleanup --json']).action(
    async (queue: string | undefined) => {
      await commandLine.run(list, (run) => show(run, queue));
    },
  );
  const runNow = schedules
    .command('run')
    .description('add a job like those of its runs at once; the runs to come stay as they are')
    .argument('<queue>')
    .argument('<key>');
  withChange(runNow, ['schedules run message-cleanup old_messages']).action(
    async (queue: string, key: string, options: ChangeOptions) => {
      await commandLine.run(runNow, (run) => runOne(run, queue, key, options));
    },
  );
}

async function show({ session, terminal, isJson }: Run, queue: string | undefined): Promise<undefined> {
  const { schedulesOf } = load();
  const queues = await session.queues();
  const names = queue === undefined ? queues.names() : [queue];
  const lists = await Promise.all(names.map((name) => schedulesOf(queues.get(name))));
  const schedules = lists.flat();
  if (isJson) terminal.json({ schedules });
  else if (schedules.length === 0) terminal.line('There are no schedules.');
  else writeTable(terminal, COLUMNS, schedules);
  return undefined;
}

async function runOne(run: Run, name: string, key: string, options: ChangeOptions): Promise<undefined> {
  const { findSchedule, runScheduleNow } = load();
  const { session, terminal, isJson, by } = run;
  const managed = (await session.queues()).get(name);
  const { schedule } = await findSchedule(managed, key);
  const job = schedule.record?.name ?? key;
  if (!isJson)
    terminal.line(`A job "${job}" will be added to queue "${name}" now, as schedule "${key}" would.`);
  if (options.dryRun === true) {
    if (isJson) terminal.json({ dryRun: true, queue: name, key, job });
    return undefined;
  }
  const log = new OperatorLog(managed.broker.activity);
  const deed = { by, action: 'run-schedule', target: `${name} ${key}`, reason: options.reason ?? null };
  await confirm(run, options, { question: `Run "${key}" now?`, matched: null, deed });
  const receipt = await log.noted(
    deed,
    () => runScheduleNow(managed, key),
    () => 1,
  );
  if (isJson) terminal.json({ dryRun: false, ...receipt });
  else terminal.line(`Job ${receipt.id} was added.`);
  return undefined;
}

function load(): typeof import('../../schedules/schedules-of-queue.js') {
  return require('../../schedules/schedules-of-queue.js') as typeof import('../../schedules/schedules-of-queue.js');
}

function timesOf({ cron, tz, every }: ScheduleStatus['repeat']): string {
  if (cron !== undefined) return tz === undefined ? cron : `${cron} ${tz}`;
  return every === undefined ? '–' : `every ${every / 1_000} s`;
}
