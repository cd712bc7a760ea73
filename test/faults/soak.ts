import { FaultBench } from './fault-bench.js';
import { faultTable } from './fault-table.js';
import { randomFaults } from './random-faults.js';
import { workerScript } from './worker-script.js';

const DEFAULT_MINUTES = 10;

/**
 * `npm run soak -- [minutes] [seed]`: a random sequence of faults under load, ten minutes by default. Prints the seed
 * first; ends with code 1 when a job was lost.
 */
async function soak(minutes: number, seed: number): Promise<void> {
  process.stdout.write(`Soaking for ${minutes} min, seed ${seed}.\n`);
  const redis = ['--appendonly', 'yes', '--appendfsync', 'always'];
  const bench = await FaultBench.start(workerScript(), { redis, maxCrashes: 1_000 });
  try {
    const { steps, secondsToRecover } = await randomFaults(bench, seed, minutes * 60_000);
    const row = await bench.row(`seed ${seed}, ${steps.length} faults`, secondsToRecover);
    process.stdout.write(`${faultTable([row])}\n`);
    if (row.lost > 0 || row.deadLettered > 0) process.exitCode = 1;
  } finally {
    await bench.close();
  }
}

const [minutes, seed] = process.argv.slice(2).map(Number);
void soak(minutes ?? DEFAULT_MINUTES, seed ?? Math.floor(Math.random() * 1_000_000));
