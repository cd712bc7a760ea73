import { parseCommandLine, USAGE } from './bench-options.js';
import type { BenchCommand, BenchOptions } from './bench-options.js';
import { BenchServer, showProgress } from './bench-server.js';
import type { Measurement, ResultRow } from './measurement.js';
import { MEASUREMENTS } from './measurements.js';
import { quoteResults } from './report/quoted-results.js';
import { writeResults } from './report/results-file.js';
import { table } from './report/table.js';
import { runRounds } from './rounds.js';

/** A text that is a measurement's id chooses that one, any other text all whose ids contain it and that are quick. */
function chosen({ only, full }: BenchOptions): Measurement[] {
  const ids = new Set(MEASUREMENTS.map(({ id }) => id));
  const quick = MEASUREMENTS.filter(({ slow }) => slow !== true || full);
  if (only.length === 0) return quick;
  return MEASUREMENTS.filter((measurement) =>
    only.some((text) =>
      ids.has(text) ? measurement.id === text : measurement.id.includes(text) && quick.includes(measurement),
    ),
  );
}

/** Runs the measurements, and puts each one's rows where they can be shown when a later one is interrupted. */
async function measure(
  server: BenchServer,
  measurements: readonly Measurement[],
  { rounds, scale }: BenchOptions,
  rows: ResultRow[],
): Promise<void> {
  const context = {
    redisPort: server.port,
    rounds,
    scale,
    flush: () => server.flush(),
    progress: showProgress,
  };
  for (const [index, measurement] of measurements.entries()) {
    const startedAt = performance.now();
    rows.push(...(await runRounds(measurement, context)));
    showProgress('');
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.error(`[${index + 1}/${measurements.length}] ${measurement.id} ${seconds} s`);
  }
}

function showResults(rows: readonly ResultRow[], redisVersion: string, options: BenchOptions): void {
  if (rows.length === 0) return;
  const file = writeResults(rows, { redisVersion, options }, options.json ?? undefined);
  console.log(`\n${table(rows)}\n`);
  console.log(
    `Medians, ratio to plain Bull. Rounds: at most ${options.rounds}. Redis ${redisVersion}. ${file}`,
  );
}

async function runBench(options: BenchOptions): Promise<void> {
  const measurements = chosen(options);
  if (measurements.length === 0) throw new Error('No measurement matches; see `npm run bench -- --list`.');
  const server = await BenchServer.start();
  const rows: ResultRow[] = [];
  const interrupted = (): void => {
    showProgress('');
    showResults(rows, server.version, options);
    void server.stop().finally(() => process.exit(130));
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    await measure(server, measurements, options, rows);
    showResults(rows, server.version, options);
    if (options.quote) quoteResults(rows, server.version, options);
  } finally {
    await server.stop();
  }
}

async function main(): Promise<void> {
  let command: BenchCommand;
  try {
    command = parseCommandLine(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  if (command.command === 'help') console.log(USAGE);
  else if (command.command === 'list') console.log(MEASUREMENTS.map(({ id }) => id).join('\n'));
  else await runBench(command.options);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
