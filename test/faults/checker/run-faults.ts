import type { Fault } from '../rows/fault.js';
import { FaultBench } from './fault-bench.js';
import type { FaultBenchSetting } from './fault-bench.js';
import type { FaultRow } from './fault-row.js';

/** Faults that are under way at the same time; most of their time is waiting. */
const LANES = 4;

/** Injects a fault into a bench of its own, and judges what became of the jobs. */
export async function runFault(fault: Fault, setting: FaultBenchSetting): Promise<FaultRow> {
  const bench = await FaultBench.start(setting, fault.options);
  try {
    const ran = await fault.run(bench).catch((error: unknown) => error as Error);
    if (!(ran instanceof Error)) return await bench.row(fault.name, ran);
    // What was seen until then says more.
    const row = await bench.row(fault.name, NaN);
    return { ...row, broken: [ran.message, ...row.broken] };
  } finally {
    await bench.close();
  }
}

/** Runs tasks a few at a time, in order. @returns what each came to; none of them is awaited here */
export function inLanes<T>(tasks: readonly (() => Promise<T>)[], lanes = LANES): Promise<T>[] {
  const settle: ((begun: Promise<T>) => void)[] = [];
  const outcomes = tasks.map(() => new Promise<T>((resolve) => settle.push(resolve)));
  for (const outcome of outcomes) outcome.catch(() => undefined);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < tasks.length; i = next++) {
      const begun = (tasks[i] as () => Promise<T>)();
      settle[i]?.(begun);
      await begun.catch(() => undefined);
    }
  };
  for (let i = 0; i < lanes; i += 1) void lane();
  return outcomes;
}
