import type { Command } from 'commander';
import type { ManagedQueue } from '../../broker/managed-queues.js';
import { UsageError } from '../cli-errors.js';
import type { CommandLine, Run } from '../command-line.js';
import { withChange } from '../command-options.js';
import type { ChangeOptions } from '../command-options.js';
import { confirm } from '../confirmation.js';
import { many } from '../output/words.js';
import { OperatorLog } from '../session/operator-log.js';

type Action = 'pause' | 'resume' | 'purge';

/** What an action does to a queue. */
interface Plan {
  readonly description: string;
  readonly examples: readonly string[];
  readonly preview: (queue: string, jobs: number) => string;
  readonly act: (managed: ManagedQueue) => Promise<number | null>;
}

const PLANS: Readonly<Record<Action, Plan>> = {
  pause: {
    description: 'let no job of a queue start, in no process, until it is resumed',
    examples: ['pause message-delivery', 'pause message-delivery --yes --reason provider-outage'],
    preview: (queue, jobs) =>
      `Queue "${queue}" will be paused, with ${many(jobs, 'job')} to run; what runs goes on.`,
    act: async ({ queue }) => {
      await queue.pause();
      return null;
    },
  },
  resume: {
    description: 'let jobs of a paused queue start again',
    examples: ['resume message-delivery'],
    preview: (queue, jobs) => `Queue "${queue}" will be resumed, with ${many(jobs, 'job')} to run.`,
    act: async ({ queue }) => {
      await queue.resume();
      return null;
    },
  },
  purge: {
    description: 'remove all jobs that wait or are delayed, for good',
    examples: [
      'purge message-indexing --reason index-rebuilt',
      'purge message-indexing --reason index-rebuilt --yes --expect 27',
    ],
    preview: (queue, jobs) =>
      `${many(jobs, 'job')} of queue "${queue}" that wait or are delayed will be removed for good. What runs goes on; schedules plan their runs again.`,
    act: ({ broker, queue }) => broker.purge(queue),
  },
};

/** `pause`, `resume`, `purge`: what is done to a whole queue. */
export function addQueueChanges(program: Command, commandLine: CommandLine): void {
  for (const action of ['pause', 'resume', 'purge'] as const) {
    const { description, examples } = PLANS[action];
    const command = program.command(action).description(description).argument('<queue>');
    withChange(command, examples).action(async (queue: string, options: ChangeOptions) => {
      await commandLine.run(command, (run) => change(run, action, queue, options));
    });
  }
}

async function change(run: Run, action: Action, name: string, options: ChangeOptions): Promise<undefined> {
  const { session, terminal, isJson, by } = run;
  if (action === 'purge' && options.reason === undefined) {
    throw new UsageError('A purge needs a reason for the audit: --reason index-rebuilt');
  }
  const managed = (await session.queues()).get(name);
  const { waiting, delayed, paused, isPaused } = await managed.broker.snapshot(managed.queue);
  const jobs = waiting + delayed + paused;
  const isThere = action === 'purge' ? jobs === 0 : isPaused === (action === 'pause');
  const plan = PLANS[action];
  const answer = { queue: name, action, matched: jobs, isPaused };
  if (!isJson) terminal.line(isThere ? nothingToDo(action, name) : plan.preview(name, jobs));
  if (isThere || options.dryRun === true) {
    if (isJson) terminal.json({ ...answer, dryRun: options.dryRun === true, done: false });
    return undefined;
  }
  const log = new OperatorLog(managed.broker.activity);
  const deed = { by, action, target: name, reason: options.reason ?? null };
  const matched = action === 'purge' ? jobs : null;
  await confirm(run, options, { question: `${action} "${name}"?`, matched, deed });
  const removed = await log.noted(
    deed,
    () => plan.act(managed),
    (count) => count,
  );
  if (isJson) terminal.json({ ...answer, dryRun: false, done: true, removed });
  else terminal.line(removed === null ? 'Done.' : `${many(removed, 'job')} removed.`);
  return undefined;
}

function nothingToDo(action: Action, queue: string): string {
  if (action === 'purge') return `No job of queue "${queue}" waits or is delayed.`;
  return `Queue "${queue}" is ${action === 'pause' ? 'paused already' : 'not paused'}.`;
}
