import type { ChildProcess } from 'node:child_process';
import type { FaultBench } from './fault-bench.js';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Handlers per worker in a random sequence. */
export const RANDOM_CONCURRENCY = 10;

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

/** What a random sequence did. */
export interface RandomFaults {
  readonly steps: readonly string[];
  readonly kills: number;
  readonly secondsToRecover: number;
}

/**
 * Under load, breaks one thing after another for `durationMs`: workers killed or told to stop, Redis killed (use AOF
 * always) or frozen, connections cut, blackholed, or robbed of their answers.
 */
export async function randomFaults(
  bench: FaultBench,
  seed: number,
  durationMs: number,
): Promise<RandomFaults> {
  const random = randomFrom(seed);
  const workers = [await bench.worker(RANDOM_CONCURRENCY), await bench.worker(RANDOM_CONCURRENCY)];
  const steps: string[] = [];
  let kills = 0;
  let stopped = false;
  const load = bench.produceUntil(() => stopped, { sleepMs: 30 }, 60);
  const until = Date.now() + durationMs;
  while (Date.now() < until) {
    await pause(200 + random() * 800);
    const step = STEPS[Math.floor(random() * STEPS.length)] as Step;
    steps.push(step.name);
    if (step.name.startsWith('worker')) {
      kills += 1;
      const i = Math.floor(random() * workers.length);
      workers[i] = await replaceWorker(bench, workers[i] as ChildProcess, step.name === 'worker-kill');
    } else {
      await step.act(bench, 300 + random() * 900);
    }
  }
  const endedAt = Date.now();
  stopped = true;
  await load;
  await bench.settled(60_000);
  return { steps, kills, secondsToRecover: (Date.now() - endedAt) / 1_000 };
}

interface Step {
  readonly name: string;
  act(bench: FaultBench, forMs: number): Promise<void>;
}

const STEPS: readonly Step[] = [
  { name: 'worker-kill', act: () => Promise.resolve() },
  { name: 'worker-stop', act: () => Promise.resolve() },
  {
    name: 'redis-kill',
    act: async (bench, forMs) => {
      await bench.redis.kill();
      await pause(forMs);
      await bench.redis.spawn();
    },
  },
  {
    name: 'redis-freeze',
    act: async (bench, forMs) => {
      bench.redis.signal('SIGSTOP');
      await pause(forMs);
      bench.redis.signal('SIGCONT');
    },
  },
  {
    name: 'connections-cut',
    act: (bench) => {
      bench.proxy.cut();
      return Promise.resolve();
    },
  },
  {
    name: 'blackhole',
    act: async (bench, forMs) => {
      bench.proxy.blackhole();
      await pause(forMs);
      bench.proxy.heal();
    },
  },
  {
    name: 'replies-lost',
    act: async (bench, forMs) => {
      bench.proxy.swallowReplies();
      await pause(forMs);
      bench.proxy.heal();
    },
  },
];

async function replaceWorker(bench: FaultBench, old: ChildProcess, kill: boolean): Promise<ChildProcess> {
  old.kill(kill ? 'SIGKILL' : 'SIGTERM');
  return bench.worker(RANDOM_CONCURRENCY);
}
