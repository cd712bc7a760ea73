import type { ChildProcess } from 'node:child_process';
import type { FaultBench } from '../checker/fault-bench.js';
import type { WorkerPool } from '../checker/worker-pool.js';

/** One fault of a random sequence, and what it may lead to. */
export interface RandomStep {
  readonly name: string;
  /** Workers that it takes down, or cuts off for longer than their locks live. */
  readonly interrupts: number;
  /** Jobs of it that finish in every attempt. */
  readonly repeats?: number;
  /** Injects the fault and ends it; what it did to jobs may go on. */
  act(scene: RandomScene): Promise<unknown>;
}

/** What a step works with. */
export interface RandomScene {
  readonly bench: FaultBench;
  readonly pool: WorkerPool;
  /** How long a lock lives, milliseconds. */
  readonly lockMs: number;
  /** From 0 up to 1. */
  random(): number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Breaks something for less than a lock lives. */
function outage(begin: (bench: FaultBench) => unknown, end: (bench: FaultBench) => unknown) {
  return async ({ bench, random }: RandomScene): Promise<void> => {
    await begin(bench);
    await pause(300 + random() * 700);
    await end(bench);
  };
}

/** One of the workers; the first draw counts, whoever works. */
function workerOf({ pool, random }: RandomScene): ChildProcess | undefined {
  const { working } = pool;
  return working[Math.floor(random() * working.length)];
}

function crashingJob(crashes: number, doomed: boolean): RandomStep['act'] {
  return ({ bench }) => bench.produce(1, { sleepMs: 10, crashes, doomed });
}

function sigterm(times: 1 | 2): RandomStep['act'] {
  return async (scene) => {
    const worker = workerOf(scene);
    if (worker === undefined) return;
    scene.pool.terminate(worker);
    await pause(100);
    if (times === 2) worker.kill('SIGTERM');
  };
}

async function setMemoryLimit({ client }: FaultBench, limit: string): Promise<void> {
  await client.config('SET', 'maxmemory', limit);
}

/** Jobs that outlive their first lock, and connections that last for 25 ms during half of it. */
async function failRenewals({ bench, lockMs }: RandomScene): Promise<void> {
  await bench.produce(5, { sleepMs: 1.5 * lockMs });
  const until = Date.now() + lockMs / 2;
  while (Date.now() < until) {
    bench.network.cut();
    await pause(25);
  }
}

/** Every fault of the table, and connections that are cut. */
export const RANDOM_STEPS: readonly RandomStep[] = [
  {
    ...{ name: 'kill -9 of a worker', interrupts: 1 },
    act: async (scene) => workerOf(scene)?.kill('SIGKILL'),
  },
  { name: 'two crashes on the same job', interrupts: 2, act: crashingJob(2, false) },
  { name: 'ten crashes on the same job', interrupts: 10, act: crashingJob(10, true) },
  {
    ...{ name: 'Redis kill -9', interrupts: 0 },
    act: outage(
      (bench) => bench.redis.kill(),
      (bench) => bench.redis.spawn(),
    ),
  },
  {
    ...{ name: 'SIGSTOP of Redis', interrupts: 0 },
    act: outage(
      (bench) => bench.redis.signal('SIGSTOP'),
      (bench) => bench.redis.signal('SIGCONT'),
    ),
  },
  // A dead connection is noticed later than a lock of these workers lives.
  {
    ...{ name: 'connections blackholed', interrupts: 2 },
    act: outage(
      (bench) => bench.network.blackhole(),
      (bench) => bench.network.heal(),
    ),
  },
  {
    ...{ name: 'replies lost after execution', interrupts: 2 },
    act: outage(
      (bench) => bench.network.swallowReplies(),
      (bench) => bench.network.heal(),
    ),
  },
  { name: 'connections cut', interrupts: 0, act: async ({ bench }) => bench.network.cut() },
  {
    ...{ name: 'out of memory', interrupts: 0 },
    act: outage(
      (bench) => setMemoryLimit(bench, '1mb'),
      (bench) => setMemoryLimit(bench, '0'),
    ),
  },
  {
    ...{ name: 'event loop blocked for 3 lock times', interrupts: 1 },
    act: async (scene) => {
      const worker = workerOf(scene);
      if (worker !== undefined) scene.bench.block(worker, 3 * scene.lockMs);
    },
  },
  { name: 'lock renewals that fail', interrupts: 0, act: failRenewals },
  {
    ...{ name: 'handler that ignores abort', interrupts: 0, repeats: 1 },
    act: ({ bench }) => bench.produce(1, { sleepMs: 1_500, doomed: true }, { name: 'stubborn' }),
  },
  { name: 'SIGTERM under load', interrupts: 0, act: sigterm(1) },
  { name: 'SIGTERM twice under load', interrupts: 0, act: sigterm(2) },
];
