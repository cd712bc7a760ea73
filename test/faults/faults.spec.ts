import { brokenPromises } from './checker/fault-row.js';
import type { FaultRow } from './checker/fault-row.js';
import { faultTable } from './checker/fault-table.js';
import { inLanes, runFault } from './checker/run-faults.js';
import { workerScript } from './process/worker-script.js';
import type { WorkerScript } from './process/worker-script.js';
import { FAULTS } from './rows/fault-list.js';

describe('faults', () => {
  const rows = new Map<string, Promise<FaultRow>>();
  // What jest -t leaves out is not run either.
  const only = process.env['FAULT_ONLY'] ?? '';
  let script: WorkerScript;

  const faults = FAULTS.filter(({ name }) => new RegExp(only).test(name));

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
