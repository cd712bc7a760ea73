import type { Command } from 'commander';
import { addRecord, emptyRecord } from '../../jobs/activity/activity-record.js';
import { pointOf } from '../../monitoring/activity/histories.js';
import type { HistoryPoint } from '../../monitoring/activity/queue-history.js';
import { UsageError } from '../cli-errors.js';
import type { CommandLine, Run } from '../command-line.js';
import { wholeNumber, withCommon } from '../command-options.js';
import { writeTable } from '../output/table.js';
import type { Column } from '../output/table.js';
import { count, duration, moment } from '../output/words.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MOST_HOURS = 168;

interface HistoryOptions {
  readonly hours: number;
  readonly step: number;
  readonly job?: string;
}

const COLUMNS: readonly Column<HistoryPoint>[] = [
  { title: 'from (UTC)', text: ({ at }) => moment(at).slice(0, 16) },
  { title: 'added', isNumber: true, text: ({ added }) => count(added) },
  { title: 'completed', isNumber: true, text: ({ completed }) => count(completed) },
  {
    ...{ title: 'failed', isNumber: true, text: ({ failed }) => count(failed) },
    tone: ({ failed }) => (failed > 0 ? 'warning' : undefined),
  },
  { title: 'retried', isNumber: true, text: ({ retried }) => count(retried) },
  {
    ...{ title: 'dead', isNumber: true, text: ({ dead }) => count(dead) },
    tone: ({ dead }) => (dead > 0 ? 'bad' : undefined),
  },
  { title: 'wait p50', isNumber: true, text: ({ waitMs }) => duration(waitMs.p50) },
  { title: 'wait p95', isNumber: true, text: ({ waitMs }) => duration(waitMs.p95) },
  { title: 'run p50', isNumber: true, text: ({ runMs }) => duration(runMs.p50) },
  { title: 'run p95', isNumber: true, text: ({ runMs }) => duration(runMs.p95) },
];

/** `history`: what a queue did, step by step. */
export function addHistory(program: Command, commandLine: CommandLine): void {
  const command = program
    .command('history')
    .description('what a queue did, step by step, of all processes')
    .argument('<queue>')
    .option('--hours <hours>', 'how many', wholeNumber, 6)
    .option('--step <minutes>', 'length of a step', wholeNumber, 10)
    .option('--job <name>', 'only jobs of this name');
  withCommon(command, [
    'history message-delivery',
    'history message-delivery --hours 24 --step 60 --job send-message',
  ]).action(async (queue: string, options: HistoryOptions) => {
    await commandLine.run(command, (run) => show(run, queue, options));
  });
}

async function show(
  { session, terminal, isJson }: Run,
  queue: string,
  { hours, step, job }: HistoryOptions,
): Promise<undefined> {
  if (hours < 1 || hours > MOST_HOURS) throw new UsageError(`--hours must be 1 to ${MOST_HOURS}.`);
  if (step < 1 || step > 60) throw new UsageError('--step must be 1 to 60 minutes.');
  const { activity } = await session.readings();
  const { at, deploys, announced } = await activity.look([]);
  const { announcedAs } =
    require('../../broker/registry/announced-queues.js') as typeof import('../../broker/registry/announced-queues.js');
  announcedAs(queue, announced);
  const stepMs = step * MINUTE_MS;
  const steps = Math.max(1, Math.round((hours * HOUR_MS) / stepMs));
  const from = Math.floor(at / stepMs) * stepMs - (steps - 1) * stepMs;
  const records = Array.from({ length: steps }, emptyRecord);
  const minutes = await activity.history(queue, Math.floor(from / HOUR_MS), Math.floor(at / HOUR_MS));
  for (const { minute, job: name, record } of minutes) {
    const sum = records[Math.floor((minute - from) / stepMs)];
    if (sum !== undefined && (job ?? name) === name) addRecord(sum, record);
  }
  const points = records.map((record, i) => pointOf(from + i * stepMs, record));
  const marks = deploys.filter((mark) => mark.at >= from);
  if (isJson) terminal.json({ queue, job: job ?? null, step, from, points, deploys: marks });
  else {
    writeTable(terminal, COLUMNS, points);
    for (const mark of marks) terminal.line(`${moment(mark.at)} version ${mark.version} began`);
  }
  return undefined;
}
