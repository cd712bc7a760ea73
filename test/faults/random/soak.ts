import { FaultBench } from '../checker/fault-bench.js';
import { brokenPromises } from '../checker/fault-row.js';
import { faultTable } from '../checker/fault-table.js';
import { RANDOM_BENCH, randomFaults } from './random-faults.js';
import { RANDOM_STEPS } from './random-steps.js';
import { SOAK_USAGE, soakRequest } from './soak-arguments.js';
import { workerScript } from '../process/worker-script.js';

const PROGRESS_EVERY_MS = 10_000;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The first Ctrl-C ends the faults; the second one the process, and with it the servers and workers it started. */
function onCtrlC(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130);
      say('Stopping: no more faults; the jobs that are under way still end. Once more leaves at once.');
      stop.abort();
    });
  }
  return stop.signal;
}

/** Says every ten seconds how far it is. */
function startProgress(
  bench: FaultBench,
  durationMs: number,
  stop: AbortSignal,
): { step: (name: string) => void; end: () => void } {
  const startedAt = Date.now();
  const steps: string[] = [];
  const timer = setInterval(() => {
    const elapsed = Date.now() - startedAt;
    const { acknowledged, finished } = bench.progress();
    const left = stop.aborted ? 0 : Math.round(Math.max(0, durationMs - elapsed) / 1_000);
    say(
      `${Math.round(elapsed / 1_000)} s, ${left > 0 ? `${left} s left` : 'waiting for the last jobs'}: ${steps.length} faults, ` +
        `${acknowledged} jobs acknowledged, ${finished} finished; last: ${steps.at(-1) ?? 'none'}`,
    );
  }, PROGRESS_EVERY_MS);
  return { step: (name) => void steps.push(name), end: () => clearInterval(timer) };
}

/** @returns whether every promise was kept */
async function soak(minutes: number, seed: number): Promise<boolean> {
  const durationMs = minutes * 60_000;
  say(`Soaking for ${minutes} min, seed ${seed}.`);
  const stop = onCtrlC();
  const script = workerScript();
  // A Ctrl-C of the terminal is for this process alone.
  const bench = await FaultBench.start({ script, detached: true }, RANDOM_BENCH);
  const progress = startProgress(bench, durationMs, stop);
  try {
    const ran = await randomFaults(bench, {
      seed,
      durationMs,
      steps: RANDOM_STEPS,
      stop,
      onStep: progress.step,
    });
    const row = await bench.row(`seed ${seed}, ${ran.steps.length} faults`, ran.secondsToRecover);
    const problems = [...ran.problems, ...brokenPromises(row, ran.allowed)];
    say(faultTable([row]));
    for (const problem of problems) say(`Broken: ${problem}`);
    if (problems.length > 0) say(`Faults in order: ${ran.steps.join(', ')}`);
    return problems.length === 0;
  } finally {
    progress.end();
    await bench.close();
    script.remove();
  }
}

async function main(): Promise<void> {
  const request = soakRequest(process.argv.slice(2));
  if (request.kind === 'help') {
    process.stdout.write(SOAK_USAGE);
    return;
  }
  if (request.kind === 'refused') {
    process.stderr.write(`${request.reason}\n`);
    process.exitCode = 2;
    return;
  }
  const seed = request.seed ?? Math.floor(Math.random() * 1_000_000);
  if (!(await soak(request.minutes, seed))) process.exitCode = 1;
}

main().catch((error: unknown) => {
  process.stderr.write(
    `The soak could not go on: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
});
