import { Command, CommanderError } from 'commander';

import { EXIT } from './cli-errors.js';
import type { CommandLine } from './command-line.js';
import { addAlerts } from './commands/alerts.js';
import { addAudit } from './commands/audit.js';
import { addCheck } from './commands/check.js';
import { addDeadLetters } from './commands/dead-letters.js';
import { addEnqueue } from './commands/enqueue.js';
import { addHealth } from './commands/health.js';
import { addHistory } from './commands/history.js';
import { addJobs } from './commands/jobs.js';
import { addQueueChanges } from './commands/queue-changes.js';
import { addSchedules } from './commands/schedules.js';
import { addStats } from './commands/stats.js';
import { addWorkers } from './commands/workers.js';

const HELP = `
Where Redis is: --url, or REDIS_URL, REDIS_HOST and the other variables of the app; QUEUE_PREFIX or --prefix.
Exit codes: 0 done · 1 failed · 2 wrong call · 3 nothing was changed (not confirmed, or more match than expected) · 130 Ctrl-C.
health and check: 0 all is well · 1 something needs attention · 2 jobs are not getting done.

Examples:
  $ npx nestjs-message-queue stats --watch
  $ npx nestjs-message-queue dead-letters groups
  $ npx nestjs-message-queue dead-letters replay --queue message-delivery --error ETIMEDOUT
`;

/**
 * Does what the arguments of a call say.
 * @param args behind the name of the program
 * @returns the exit code
 */
export async function execute(commandLine: CommandLine, args: readonly string[]): Promise<number> {
  try {
    await programOf(commandLine).parseAsync([...args], { from: 'user' });
    return commandLine.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has said what is wrong, or shown the help that was asked for.
    return error.exitCode === 0 ? EXIT.done : EXIT.wrong;
  }
}

function programOf(commandLine: CommandLine): Command {
  const { version } = require('../../../package.json') as { readonly version: string };
  const program = new Command('nestjs-message-queue')
    .description('Looks at and changes the queues of nestjs-message-queue, straight on Redis.')
    .version(version)
    .showSuggestionAfterError()
    .addHelpText('after', HELP)
    .configureOutput({
      writeOut: (text) => commandLine.terminal.line(text.trimEnd()),
      writeErr: (text) => commandLine.terminal.note(text.trimEnd()),
    })
    .exitOverride();
  const add = [addStats, addHealth, addWorkers, addHistory, addDeadLetters, addJobs, addQueueChanges];
  for (const one of [...add, addSchedules, addAlerts, addAudit, addCheck, addEnqueue])
    one(program, commandLine);
  return program;
}
