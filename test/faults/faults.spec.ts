import { FaultBench } from './fault-bench.js';
import { FAULTS } from './fault-list.js';
import type { Fault } from './fault-list.js';
import { brokenPromises } from './fault-row.js';
import type { FaultRow } from './fault-row.js';
import { faultTable } from './fault-table.js';
import { RANDOM_BENCH, randomFaults } from './random-faults.js';
import type { RandomFaults } from './random-faults.js';
import { workerScript } from './worker-script.js';
import type { WorkerScript } from './worker-script.js';

/** Faults that are under way at the same time; most of their time is waiting. */
const LANES = 4;
const RANDOM_MS = 15_000;

describe('faults', () => {
  const rows = new Map<string, Promise<FaultRow>>();
  const seed = Number(process.env['FAULT_SEED'] ?? Math.floor(Math.random() * 1_000_000));
  let script: WorkerScript;

  let ran: RandomFaults | undefined;
  const random: Fault = {
    name: `random sequence, seed ${seed}`,
    options: RANDOM_BENCH,
    get mayFinishTwice() {
      return ran?.allowed.mayFinishTwice ?? 0;
    },
    run: async (bench) => {
      ran = await randomFaults(bench, { seed, durationMs: RANDOM_MS });
      expect(ran.problems).toEqual([]);
      return ran.secondsToRecover;
    },
  };
  // The random one takes longest.
  const faults = [random, ...FAULTS];

  beforeAll(() => {
    script = workerScript();
    const queue = [...faults];
    const settle = new Map<string, (row: Promise<FaultRow>) => void>();
    for (const { name } of faults) {
      const row = new Promise<FaultRow>((resolve) => settle.set(name, resolve));
      row.catch(() => undefined);
      rows.set(name, row);
    }
    const lane = async (): Promise<void> => {
      for (let fault = queue.shift(); fault !== undefined; fault = queue.shift()) {
        const row = runFault(fault, script);
        settle.get(fault.name)?.(row);
        await row.catch(() => undefined);
      }
    };
    for (let i = 0; i < LANES; i += 1) void lane();
  });

  afterAll(async () => {
    const ended = await Promise.allSettled(rows.values());
    script.remove();
    const table = faultTable(ended.flatMap((row) => (row.status === 'fulfilled' ? [row.value] : [])));
    process.stdout.write(`\n${table}\n`);
  });

  it.each(faults.map((fault) => [fault.name, fault] as const))(
    '%s: nothing is lost, and keyed effects happen once',
    async (name, fault) => {
      const row = await rows.get(name);
      expect(row && brokenPromises(row, fault)).toEqual([]);
    },
    600_000,
  );
});

async function runFault(fault: Fault, script: WorkerScript): Promise<FaultRow> {
  const bench = await FaultBench.start(script, fault.options);
  try {
    return await bench.row(fault.name, await fault.run(bench));
  } finally {
    await bench.close();
  }
}
