import { faultTable } from '../checker/fault-table.js';
import { brokenPromises } from '../checker/fault-row.js';
import { FaultBench } from '../checker/fault-bench.js';
import { workerScript } from '../process/worker-script.js';
import { RANDOM_BENCH, randomFaults } from './random-faults.js';
import { RANDOM_STEPS } from './random-steps.js';

const RANDOM_MS = 15_000;
/** Ten crashes one after another take a minute, and have a row of their own; the soak has them too. */
const STEPS = RANDOM_STEPS.filter(({ name }) => name !== 'ten crashes on the same job');

const seed = Number(process.env['FAULT_SEED'] ?? Math.floor(Math.random() * 1_000_000));

it(`a random sequence of faults, seed ${seed}: nothing is lost, run without cause or blamed, and keyed effects happen once`, async () => {
  const script = workerScript();
  const bench = await FaultBench.start({ script }, RANDOM_BENCH);
  try {
    const ran = await randomFaults(bench, { seed, durationMs: RANDOM_MS, steps: STEPS });
    const row = await bench.row(`random sequence, seed ${seed}`, ran.secondsToRecover);
    process.stdout.write(`\n${faultTable([row])}\n`);
    const broken = [...ran.problems, ...brokenPromises(row, ran.allowed)];
    // The order helps to try it again.
    expect(broken.length === 0 ? [] : [`seed ${seed}`, ...broken, ...ran.steps]).toEqual([]);
  } finally {
    await bench.close();
    script.remove();
  }
}, 600_000);
