import type { FaultBenchSetting } from '../checker/fault-bench.js';
import { brokenPromises } from '../checker/fault-row.js';
import { textTable } from '../checker/fault-table.js';
import { inLanes, runFault } from '../checker/run-faults.js';
import { workerScript } from '../process/worker-script.js';
import { FAULTS } from '../rows/fault-list.js';
import { MUTATION_USAGE, mutationRequest } from './mutation-arguments.js';
import { MUTATION_VARIABLE, MUTATIONS } from './mutation-list.js';
import type { Mutation } from './mutation.js';

/** Jobs that a mistake keeps from ending are given up after so long. */
const PATIENCE_MS = 20_000;
const SHOWN_CHARACTERS = 110;

/** What a row had to say of a mistake; `mutation` is null where it ran without one. */
interface Verdict {
  readonly mutation: Mutation | null;
  readonly row: string;
  readonly complaints: readonly string[];
  readonly seconds: number;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** A row without a mistake must be green; with one, red for what the mistake breaks. */
function isRight({ mutation, complaints }: Verdict): boolean {
  if (mutation === null) return complaints.length === 0;
  return complaints.some((complaint) => mutation.says.test(complaint));
}

async function verdictOn(
  mutation: Mutation | null,
  row: string,
  setting: FaultBenchSetting,
): Promise<Verdict> {
  const fault = FAULTS.find(({ name }) => name === row);
  if (fault === undefined) throw new Error(`There is no row "${row}".`);
  const startedAt = performance.now();
  const env = mutation === null ? {} : { [MUTATION_VARIABLE]: mutation.name };
  const patienceMs = mutation === null ? undefined : PATIENCE_MS;
  const found = await runFault(fault, { ...setting, env, patienceMs });
  const complaints = [...brokenPromises(found, fault), ...found.broken];
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  return { mutation, row, complaints, seconds };
}

/** The first Ctrl-C begins nothing new; the second one ends the process, and with it the servers and workers it started. */
function onCtrlC(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130);
      say('Stopping: nothing new begins; what is under way still ends. Once more leaves at once.');
      stop.abort();
    });
  }
  return stop.signal;
}

async function main(): Promise<void> {
  const request = mutationRequest(
    process.argv.slice(2),
    MUTATIONS.map(({ name }) => name),
  );
  if (request.kind !== 'run') {
    if (request.kind === 'help') process.stdout.write(MUTATION_USAGE);
    else process.stderr.write(`${request.reason}\n`);
    process.exitCode = request.kind === 'help' ? 0 : 2;
    return;
  }
  const chosen = MUTATIONS.filter(({ name }) => request.names.includes(name));
  const verdicts = await runAll(chosen, onCtrlC());
  const tasks = chosen.length + rowsOf(chosen).length;
  if (verdicts.length < tasks) process.exitCode = 130;
  else if (!verdicts.every(isRight)) process.exitCode = 1;
  report(verdicts);
}

const rowsOf = (mutations: readonly Mutation[]): string[] => [...new Set(mutations.map(({ row }) => row))];

async function runAll(mutations: readonly Mutation[], stop: AbortSignal): Promise<Verdict[]> {
  const script = workerScript();
  const tasks: (readonly [Mutation | null, string])[] = [
    ...rowsOf(mutations).map((row) => [null, row] as const),
    ...mutations.map((mutation) => [mutation, mutation.row] as const),
  ];
  say(`${mutations.length} mutations, ${tasks.length} runs.`);
  const verdicts: Verdict[] = [];
  const outcomes = inLanes(
    tasks.map(([mutation, row]) => async () => {
      if (stop.aborted) return;
      const verdict = await verdictOn(mutation, row, { script, detached: true });
      verdicts.push(verdict);
      const what = mutation?.name ?? `without a mistake: ${row}`;
      say(
        `${verdicts.length}/${tasks.length} ${isRight(verdict) ? 'ok' : 'WRONG'} ${what}, ${verdict.seconds} s`,
      );
    }),
  );
  await Promise.all(outcomes);
  script.remove();
  return verdicts;
}

function report(verdicts: readonly Verdict[]): void {
  const ofMistakes = verdicts.flatMap((verdict) =>
    verdict.mutation === null ? [] : [{ ...verdict, mutation: verdict.mutation }],
  );
  const lines = ofMistakes.map(({ mutation, row, complaints, seconds }) => {
    const complaint = complaints.find((one) => mutation.says.test(one));
    return [
      ...[mutation.name, mutation.breaks, complaint === undefined ? 'NOTHING' : row, String(seconds)],
      (complaint ?? complaints[0] ?? '').slice(0, SHOWN_CHARACTERS),
    ];
  });
  say(
    `\n${textTable([['mutation', 'what it breaks', 'caught by', 'seconds', 'which said'], ...lines], [3])}\n`,
  );
  const red = verdicts.filter((verdict) => verdict.mutation === null && !isRight(verdict));
  for (const { row, complaints } of red) say(`Red without a mistake: ${row}: ${complaints.join('; ')}`);
  const caught = ofMistakes.filter(isRight).length;
  say(`${caught} caught, ${ofMistakes.length - caught} survived`);
}

main().catch((error: unknown) => {
  process.stderr.write(
    `The mutations could not go on: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
});
