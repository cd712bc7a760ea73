import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface BenchOptions {
  /** Measurement ids must contain one of these; empty: all. */
  readonly only: readonly string[];
  readonly rounds: number;
  /** Multiplies the numbers of jobs. */
  readonly scale: number;
  /** Also the measurements that take minutes, such as a backlog of a million jobs. */
  readonly full: boolean;
}

export const USAGE = `Usage: npm run bench -- [options]

Measures this library against plain Bull and BullMQ on the same 300-byte chat message, interleaved in one run, on a
redis-server of its own. Prints medians and ratios with plain Bull = 1.00, and writes bench/results/<time>.json.

  --quick          a tenth of the jobs and one round: does it run, not how fast is it
  --full           also a backlog of a million jobs (takes minutes longer)
  --only <text>    only measurements whose id contains the text; may be given several times
  --rounds <n>     rounds per measurement (default 5)
  --list           prints the measurements' ids
  --help           this text
`;

/** What to do, and with which options. */
export type BenchCommand =
  | { readonly command: 'help' }
  | { readonly command: 'list' }
  | { readonly command: 'run'; readonly options: BenchOptions };

/** @throws Error naming the option that is unknown or wrong */
export function parseCommandLine(args: readonly string[]): BenchCommand {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return { command: 'help' };
  if (values.list) return { command: 'list' };
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new Error(`--rounds must be a whole number from 1 on, not "${values.rounds ?? ''}".`);
  }
  const scale = values.quick ? 0.1 : 1;
  return { command: 'run', options: { only: values.only, rounds, scale, full: values.full } };
}
