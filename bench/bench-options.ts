import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface BenchOptions {
  /** Ids of measurements, or parts of ids; empty: all. */
  readonly only: readonly string[];
  readonly rounds: number;
  /** Multiplies the numbers of jobs. */
  readonly scale: number;
  /** Also the measurements that take minutes, such as a backlog of a million jobs. */
  readonly full: boolean;
  /** Where the results are written; null: under `bench/results`. */
  readonly json: string | null;
  /** Whether the documentation is to quote this run. */
  readonly quote: boolean;
}

export const USAGE = `Usage: npm run bench -- [options]

Measures this library beside plain Bull, BullMQ, bee-queue and a careful host (Bull with class-validator at both ends,
ids, attempts and a backoff) on the same chat message. Each contestant has a process of its own; they take turns on one
redis-server, round by round. Prints jobs per second, CPU and Redis commands per job: medians, and the ratio to plain
Bull (1.00). Takes about a quarter of an hour on two quiet cores.

  --only <id>      only this measurement, or all whose ids contain the text; may be given several times
  --rounds <n>     rounds per measurement (default 5; some that hardly vary take fewer)
  --scale <x>      multiplies the numbers of jobs (default 1)
  --quick          the same as --scale 0.1 --rounds 1: does it run, not how fast is it
  --full           also what takes minutes longer: a backlog of a million jobs, 100,000 dead letters
  --json <file>    where every value is written (default bench/results/<time>.json)
  --quote          also writes bench/quoted.json, from which \`npm run docs\` makes docs/performance.md
  --list           prints the measurements' ids
  --help           this text

Exit codes: 0 measured, 1 a measurement failed, 2 wrong options, 130 interrupted (what was measured is shown).
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
      scale: { type: 'string' },
      json: { type: 'string' },
      quote: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return { command: 'help' };
  if (values.list) return { command: 'list' };
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new Error(`--rounds must be a whole number from 1, not "${values.rounds ?? ''}".`);
  }
  const scale = Number(values.scale ?? (values.quick ? 0.1 : 1));
  if (!(scale > 0 && scale < Infinity)) {
    throw new Error(`--scale must be a number above 0, not "${values.scale ?? ''}".`);
  }
  const { only, full, json = null, quote } = values;
  if (quote && only.length > 0) throw new Error('--quote takes a run of all measurements, without --only.');
  return { command: 'run', options: { only, rounds, scale, full, json, quote } };
}
