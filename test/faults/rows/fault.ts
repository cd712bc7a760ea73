import type { ChildProcess } from 'node:child_process';
import type { FaultBench, FaultBenchOptions } from '../checker/fault-bench.js';
import type { FaultAllowance } from '../checker/fault-row.js';
import { waitUntil } from '../../support/wait-until.js';

/** One fault: what is done, and what that may lead to. */
export interface Fault extends FaultAllowance {
  readonly name: string;
  readonly options?: FaultBenchOptions;
  /** Injects the fault. @returns seconds to recover */
  run(bench: FaultBench): Promise<number>;
}

/** Locks that are lost soon. */
export const FAST_LOCK = { durationMs: 1_200, renewMs: 300, stalledCheckMs: 400 };

/** So many jobs are more than a worker with four handlers could have begun. */
const JOBS_AHEAD = 10;
/** So many jobs keep a worker busy, and those that come after them do not wait long. */
const MOST_OPEN = 200;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Adds jobs, and goes on adding while something is done to the bench. */
export async function underLoad(bench: FaultBench, inject: () => Promise<number>): Promise<number> {
  let stopped = false;
  const load = bench.produceUntil(() => stopped, { sleepMs: 20 });
  await waitUntil(() => bench.read().done.size > 20, 'the load to flow');
  try {
    return await inject();
  } finally {
    stopped = true;
    await load;
  }
}

/** Waits for the end of a process. @returns its exit code; 1 when a signal ended it */
export async function exited(child: ChildProcess): Promise<number> {
  await waitUntil(() => child.exitCode !== null || child.signalCode !== null, 'the worker to exit', 60_000);
  return child.exitCode ?? 1;
}

const openIn = (bench: FaultBench): number => {
  const { acknowledged, finished } = bench.progress();
  return acknowledged - finished;
};

/** Jobs flow that are so quick that workers take them ahead: they wait there for a handler. */
export async function withQuickJobs(bench: FaultBench, act: () => Promise<number>): Promise<number> {
  let stopped = false;
  const flow = async (): Promise<void> => {
    while (!stopped) {
      await bench.produce(100, { sleepMs: 0 }, { name: 'quick', mode: 'plain' });
      // What comes next must not wait behind more than this.
      await waitUntil(() => stopped || openIn(bench) < MOST_OPEN, 'the backlog to shrink', 60_000);
    }
  };
  const load = Promise.all([flow(), flow()]);
  try {
    return await act();
  } finally {
    stopped = true;
    await load;
  }
}

/** Freezes the worker at a moment at which jobs wait in it that it has taken ahead. */
export async function freezeWithJobsAhead(bench: FaultBench, worker: ChildProcess): Promise<void> {
  await waitUntil(async () => {
    worker.kill('SIGSTOP');
    if ((await bench.ahead()) > JOBS_AHEAD) return true;
    worker.kill('SIGCONT');
    return false;
  }, 'a moment with jobs that were taken ahead');
}
