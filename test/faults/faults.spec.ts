import { brokenPromises } from './checker/fault-row.js';
import type { FaultRow } from './checker/fault-row.js';
import { faultTable } from './checker/fault-table.js';
import { inLanes, runFault } from './checker/run-faults.js';
import { workerScript } from './process/worker-script.js';
import type { WorkerScript } from './process/worker-script.js';
import { RANDOM_BENCH, randomFaults } from './random/random-faults.js';
import type { RandomFaults } from './random/random-faults.js';
import type { Fault } from './rows/fault.js';
import { FAULTS } from './rows/fault-list.js';

const RANDOM_MS = 15_000;

describe('faults', () => {
  const rows = new Map<string, Promise<FaultRow>>();
  const seed = Number(process.env['FAULT_SEED'] ?? Math.floor(Math.random() * 1_000_000));
  // What jest -t leaves out is not run either.
  const only = process.env['FAULT_ONLY'] ?? '';
  let script: WorkerScript;

  let ran: RandomFaults | undefined;
  const random: Fault = {
    name: `random sequence, seed ${seed}`,
    options: RANDOM_BENCH,
    get mayFinishTwice() {
      return ran?.allowed.mayFinishTwice ?? 0;
    },
    get mayLoseLocks() {
      return ran?.allowed.mayLoseLocks ?? 0;
    },
    get mayBlame() {
      return ran?.allowed.mayBlame ?? 0;
    },
    run: async (bench) => {
      ran = await randomFaults(bench, { seed, durationMs: RANDOM_MS });
      expect(ran.problems).toEqual([]);
      return ran.secondsToRecover;
    },
  };
  // The random one takes longest.
  const faults = [random, ...FAULTS].filter(({ name }) => new RegExp(only).test(name));

  beforeAll(() => {
    script = workerScript();
    const begun = inLanes(faults.map((fault) => () => runFault(fault, { script })));
    faults.forEach(({ name }, i) => rows.set(name, begun[i] as Promise<FaultRow>));
  });

  afterAll(async () => {
    const ended = await Promise.allSettled(rows.values());
    script.remove();
    const table = faultTable(ended.flatMap((row) => (row.status === 'fulfilled' ? [row.value] : [])));
    process.stdout.write(`\n${table}\n`);
  });

  it.each(faults.map((fault) => [fault.name, fault] as const))(
    '%s: nothing is lost, run without cause or blamed, and keyed effects happen once',
    async (name, fault) => {
      const row = await rows.get(name);
      expect(row && brokenPromises(row, fault)).toEqual([]);
    },
    600_000,
  );
});
