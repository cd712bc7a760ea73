import type { BenchServer } from './bench-server.js';
import { showProgress } from './bench-server.js';
import type { ResultRow } from './measurement.js';
import { MEASUREMENTS } from './measurements.js';
import { runRounds } from './rounds.js';
import { median } from './statistics.js';
import { OURS, PLAIN_BULL } from './subjects.js';

/** Our CPU per job as a part of plain Bull's in the same run, by measurement and by row. The same on every machine. */
export type CpuRatios = Record<string, Record<string, number>>;

/** What is measured: the ordinary road, one by one and in batches. */
export const CPU_MEASUREMENTS = ['enqueue-1', 'enqueue-100', 'enqueue-bulk', 'drain-10'] as const;
const ROWS = ['CPU of Node per job', 'CPU of Redis per job'];
const ROUNDS = 5;
/** Of the bench's jobs: all measurements together take half a minute. */
const SCALE = 0.5;

function ratioOf({ samples }: ResultRow): number {
  const valuesOf = (name: string): readonly number[] =>
    samples.find(({ subject }) => subject === name)?.values ?? [];
  const theirs = valuesOf(PLAIN_BULL.name);
  // By round: what slows the machine for a while is in both.
  return median(valuesOf(OURS.name).map((value, round) => value / (theirs[round] ?? Number.NaN)));
}

/** Measures the ratios of these measurements. */
export async function measureCpuRatios(server: BenchServer, ids: readonly string[]): Promise<CpuRatios> {
  const ratios: CpuRatios = {};
  for (const measurement of MEASUREMENTS.filter(({ id }) => ids.includes(id))) {
    const rows = await runRounds(
      { ...measurement, subjects: [PLAIN_BULL, OURS] },
      {
        redisPort: server.port,
        rounds: ROUNDS,
        scale: SCALE,
        flush: () => server.flush(),
        progress: showProgress,
      },
    );
    const cpu = rows.filter(({ row }) => ROWS.includes(row));
    ratios[measurement.id] = Object.fromEntries(cpu.map((row) => [row.row, ratioOf(row)]));
  }
  showProgress('');
  return ratios;
}
