import type { FaultBench, FaultBenchOptions } from '../checker/fault-bench.js';
import type { FaultAllowance } from '../checker/fault-row.js';
import type { RandomStep } from './random-steps.js';
import { WorkerPool } from '../checker/worker-pool.js';

const WORKERS = 2;
const CONCURRENCY = 10;
const LOCK_MS = 3_000;

/** The bench of a random sequence: what was acknowledged survives a kill of Redis, and ten crashes are too many. */
export const RANDOM_BENCH: FaultBenchOptions = {
  redis: ['--appendonly', 'yes', '--appendfsync', 'always'],
  maxCrashes: 10,
  lock: { durationMs: LOCK_MS, renewMs: LOCK_MS / 4, stalledCheckMs: 500 },
};

/** Ends a hang: ten crashes one after another, each noticed when a lock has run out, and what waits behind them. */
const SETTLES_WITHIN_MS = 420_000;

/** What a random sequence did, and what that may lead to. */
export interface RandomFaults {
  readonly steps: readonly string[];
  /** Interrupted workers × concurrency, and jobs that finish in every attempt. */
  readonly allowed: FaultAllowance;
  /** Jobs that are left in the end, a worker that did not stop as it was told; empty when all is well. */
  readonly problems: readonly string[];
  readonly secondsToRecover: number;
}

/** Which faults, for how long, and who is told. */
export interface RandomSequence {
  readonly seed: number;
  readonly durationMs: number;
  readonly steps: readonly RandomStep[];
  /** Ends it before its time; jobs that were added are still brought to their end. */
  readonly stop?: AbortSignal;
  readonly onStep?: (step: string) => void;
}

/** A small, repeatable random generator (mulberry32): numbers from 0 up to 1. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function shuffled(steps: readonly RandomStep[], random: () => number): RandomStep[] {
  const drawn = steps.map((step) => ({ step, order: random() }));
  return drawn.sort((a, b) => a.order - b.order).map(({ step }) => step);
}

/** Takes one step after another until it is time; every fault comes once before one comes again. */
async function takeSteps(
  bench: FaultBench,
  pool: WorkerPool,
  sequence: RandomSequence,
): Promise<RandomStep[]> {
  const random = randomFrom(sequence.seed);
  const taken: RandomStep[] = [];
  const until = Date.now() + sequence.durationMs;
  let deck: RandomStep[] = [];
  while (Date.now() < until || taken.length < sequence.steps.length) {
    if (sequence.stop?.aborted === true) break;
    if (deck.length === 0) deck = shuffled(sequence.steps, random);
    const step = deck.pop() as RandomStep;
    sequence.onStep?.(step.name);
    taken.push(step);
    await step.act({ bench, pool, lockMs: LOCK_MS, random });
    // Locks are renewed meanwhile: two outages in a row are not one that is too long.
    await new Promise((resolve) => setTimeout(resolve, LOCK_MS / 4 + random() * 500));
  }
  return taken;
}

/**
 * Under load, breaks one thing after another in an order that the seed decides: every fault of the table once, and on for
 * `durationMs`.
 */
export async function randomFaults(bench: FaultBench, sequence: RandomSequence): Promise<RandomFaults> {
  const pool = new WorkerPool(bench, WORKERS, CONCURRENCY);
  let ended = false;
  const load = bench.produceUntil(() => ended, { sleepMs: 30 }, 60);
  let taken: RandomStep[];
  try {
    await pool.whenReady();
    taken = await takeSteps(bench, pool, sequence);
  } finally {
    ended = true;
  }
  const endedAt = Date.now();
  await load;
  const problems = await problemsOf(
    () => bench.settled(SETTLES_WITHIN_MS),
    () => pool.close(),
  );
  const sum = (of: (step: RandomStep) => number): number =>
    taken.reduce((total, step) => total + of(step), 0);
  return {
    steps: taken.map(({ name }) => name),
    allowed: {
      mayFinishTwice: sum(({ interrupts, repeats = 0 }) => interrupts * CONCURRENCY + repeats),
      mayLoseLocks: sum(({ interrupts }) => interrupts * CONCURRENCY),
      mayBlame: sum(({ interrupts }) => interrupts * CONCURRENCY),
    },
    problems,
    secondsToRecover: (Date.now() - endedAt) / 1_000,
  };
}

async function problemsOf(...checks: readonly (() => Promise<void>)[]): Promise<string[]> {
  const problems: string[] = [];
  for (const check of checks) {
    await check().catch((error: unknown) =>
      problems.push(error instanceof Error ? error.message : String(error)),
    );
  }
  return problems;
}
