import type { Command } from 'commander';
import type { DeadLetterFilter } from '../../dead-letter/dead-letter-filter.js';
import { listed, momentOf } from '../command-options.js';

/** How a command narrows the letters. */
export interface FilterOptions {
  readonly queue?: readonly string[];
  readonly job?: readonly string[];
  readonly error?: string;
  readonly from?: Date;
  readonly to?: Date;
  readonly group?: string;
  readonly where?: string;
}

/** Lets a command understand a filter. */
export function withFilter(command: Command): Command {
  return command
    .option('--queue <names>', 'only of these queues', listed)
    .option('--job <names>', 'only of these jobs', listed)
    .option('--error <text>', 'only with this text in the name or message of the last error')
    .option('--from <time>', 'failed then or later: a time, or how long ago, such as 2h', momentOf)
    .option('--to <time>', 'failed then or earlier', momentOf)
    .option('--group <key>', 'only of one group, as `dead-letters groups` has it')
    .option('--where <condition>', 'a field of the payload, such as "user.id = 42"; never of sealed queues');
}

/** The filter that was given, with nothing that was not. */
export function filterOf(options: FilterOptions): DeadLetterFilter {
  const { queue, job, error, from, to, group, where: payload } = options;
  const given = Object.entries({ queue, job, error, from, to, group, payload });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}
