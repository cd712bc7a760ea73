import { FaultBench } from './fault-bench.js';
import type { FaultRow } from './fault-bench.js';
import { FAULTS } from './fault-list.js';
import type { Fault } from './fault-list.js';
import { faultTable } from './fault-table.js';
import { RANDOM_CONCURRENCY, randomFaults } from './random-faults.js';
import { workerScript } from './worker-script.js';
import type { WorkerScript } from './worker-script.js';

/** Faults that are under way at the same time; most of their time is waiting. */
const LANES = 3;
const RANDOM_MS = 15_000;

describe('faults', () => {
  const rows = new Map<string, Promise<FaultRow>>();
  const seed = Number(process.env['FAULT_SEED'] ?? Math.floor(Math.random() * 1_000_000));
  let script: WorkerScript;

  let kills = 0;
  const random: Fault = {
    name: `random sequence, seed ${seed}`,
    deadLetters: 0,
    recoversWithin: 60,
    get mayFinishTwice() {
      return kills * RANDOM_CONCURRENCY;
    },
    options: { redis: ['--appendonly', 'yes', '--appendfsync', 'always'], maxCrashes: 100 },
    run: async (bench) => {
      const ran = await randomFaults(bench, seed, RANDOM_MS);
      kills = ran.kills;
      return ran.secondsToRecover;
    },
  };
  const faults = [...FAULTS, random];

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
    '%s: nothing is lost',
    async (name, fault) => {
      const row = await rows.get(name);
      expect(row).toMatchObject({ lost: 0, keyedTwice: 0, deadLettered: fault.deadLetters });
      const [happened, expected] = row?.keyedEffects.split('/') ?? [];
      expect(happened).toBe(expected);
      expect(Number(expected)).toBeGreaterThan(0);
      expect(row?.finishedTwice).toBeLessThanOrEqual(fault.mayFinishTwice);
      expect(row?.secondsToRecover).toBeLessThanOrEqual(fault.recoversWithin);
      expect(row?.acknowledged).toBeGreaterThan(0);
    },
    180_000,
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
