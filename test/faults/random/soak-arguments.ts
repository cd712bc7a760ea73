/** What `npm run soak` was asked for. */
export type SoakRequest =
  | { readonly kind: 'run'; readonly minutes: number; readonly seed: number | null }
  | { readonly kind: 'help' }
  | { readonly kind: 'refused'; readonly reason: string };

const DEFAULT_MINUTES = 10;
const MOST_MINUTES = 24 * 60;
const MOST_SEED = 2 ** 32 - 1;

export const SOAK_USAGE = `Usage: npm run soak -- [minutes] [seed]

Breaks workers, Redis and the network between them in a random order while jobs flow, and counts what became of the jobs.
Every fault comes once before one comes again, and all of them come at least once, however few minutes.

  minutes   how long, more than 0 up to ${MOST_MINUTES}; ${DEFAULT_MINUTES} by default
  seed      whole number from 0 to ${MOST_SEED} that decides the order; random by default, and printed

Ctrl-C ends the faults, waits for the jobs that are under way and prints the table; a second one leaves at once.
Exit code: 0 all promises kept, 1 not, 2 wrong arguments, 130 left by a second Ctrl-C.
`;

/** Reads the command line after \`soak\`. */
export function soakRequest(args: readonly string[]): SoakRequest {
  if (args.some((arg) => arg === '--help' || arg === '-h')) return { kind: 'help' };
  const [minutesText, seedText, ...more] = args;
  const surplus = more[0] ?? args.find((arg) => arg.startsWith('--'));
  if (surplus !== undefined) return refused(`"${surplus}" is not known`);
  const minutes = minutesText === undefined ? DEFAULT_MINUTES : numberFrom(minutesText);
  if (!(minutes > 0 && minutes <= MOST_MINUTES)) {
    return refused(`minutes is "${minutesText}", allowed is more than 0 up to ${MOST_MINUTES}`);
  }
  const seed = seedText === undefined ? null : numberFrom(seedText);
  if (seed !== null && !(Number.isInteger(seed) && seed >= 0 && seed <= MOST_SEED)) {
    return refused(`seed is "${seedText}", allowed is a whole number from 0 to ${MOST_SEED}`);
  }
  return { kind: 'run', minutes, seed };
}

/** NaN unless it is written as a plain decimal number. */
function numberFrom(text: string): number {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
}

function refused(problem: string): SoakRequest {
  return { kind: 'refused', reason: `${problem}; \`npm run soak -- --help\` tells more.` };
}
