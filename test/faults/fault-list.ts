import type { ChildProcess } from 'node:child_process';
import { Redis } from 'ioredis';
import { waitUntil } from '../support/wait-until.js';
import type { FaultBench, FaultBenchOptions } from './fault-bench.js';
import type { FaultAllowance } from './fault-row.js';
import { WorkerPool } from './worker-pool.js';

/** One fault: what is done, and what that may lead to. */
export interface Fault extends FaultAllowance {
  readonly name: string;
  readonly options?: FaultBenchOptions;
  /** Injects the fault. @returns seconds to recover */
  run(bench: FaultBench): Promise<number>;
}

const FAST_LOCK = { durationMs: 1_200, renewMs: 300, stalledCheckMs: 400 };
const OUTAGE_MS = 10_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Adds jobs, and goes on adding while something is done to the bench. */
async function underLoad(bench: FaultBench, inject: () => Promise<number>): Promise<number> {
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

/** An outage of ten seconds, with the load going on. */
function outage(begin: (bench: FaultBench) => void, end: (bench: FaultBench) => void): Fault['run'] {
  return async (bench) => {
    await bench.worker();
    const seconds = await underLoad(bench, async () => {
      begin(bench);
      await pause(OUTAGE_MS);
      end(bench);
      return bench.recoveredSince(Date.now());
    });
    await bench.settled();
    return seconds;
  };
}

async function exited(child: ChildProcess): Promise<number> {
  await waitUntil(() => child.exitCode !== null || child.signalCode !== null, 'the worker to exit', 60_000);
  return child.exitCode ?? 1;
}

const killWorker: Fault = {
  name: 'kill -9 of a worker at concurrency 20',
  mayFinishTwice: 20,
  run: async (bench) => {
    const doomed = await bench.worker(20);
    const keys = await bench.produce(20, { firstMs: 25_000, sleepMs: 500 });
    await waitUntil(() => bench.read().started.size === 20, '20 runs');
    await bench.worker(20);
    const killedAt = Date.now();
    doomed.kill('SIGKILL');
    // What it writes down in its last moments may be stored as well.
    await exited(doomed);
    const interrupted = keys.filter((key) => !bench.read().done.has(key));
    if (interrupted.length === 0) throw new Error('The worker was killed too late.');
    await bench.produce(30, { sleepMs: 50 });
    await waitUntil(
      () => interrupted.every((key) => (bench.read().started.get(key) ?? 0) > 1),
      'the runs to begin again',
      60_000,
    );
    const seconds = (Date.now() - killedAt) / 1_000;
    await bench.settled();
    return seconds;
  },
};

/** A job that kills its worker, and with it whatever else runs there, so many times. */
function crashLoop(name: string, crashes: number, maxCrashes: number): Fault {
  const concurrency = 20;
  return {
    name,
    options: { lock: FAST_LOCK, maxCrashes },
    mayFinishTwice: crashes * concurrency,
    run: async (bench) => {
      const pool = new WorkerPool(bench, 1, concurrency);
      await pool.whenReady();
      const startedAt = Date.now();
      const [, [key]] = await Promise.all([
        bench.produce(concurrency - 1, { sleepMs: 300 }),
        bench.produce(1, { sleepMs: 10, crashes, doomed: crashes >= maxCrashes }),
      ]);
      await bench.settled(60_000 * crashes);
      const seen = bench.read().crashes.get(key ?? '') ?? 0;
      if (seen < crashes / 2) throw new Error(`The job killed its worker ${seen} times, not ${crashes}.`);
      await bench.produce(5, { sleepMs: 10 });
      await bench.settled();
      await pool.close();
      return (Date.now() - startedAt) / 1_000;
    },
  };
}

const killRedis: Fault = {
  name: 'Redis kill -9, AOF always',
  options: { redis: ['--appendonly', 'yes', '--appendfsync', 'always'] },
  mayFinishTwice: 0,
  run: async (bench) => {
    await bench.worker();
    const seconds = await underLoad(bench, async () => {
      await bench.redis.kill();
      await pause(500);
      await bench.redis.spawn();
      return bench.recoveredSince(Date.now());
    });
    await bench.settled();
    return seconds;
  },
};

const lostReplies: Fault = {
  name: 'replies lost after execution',
  mayFinishTwice: 0,
  run: async (bench) => {
    await bench.worker();
    const seconds = await underLoad(bench, async () => {
      bench.proxy.swallowReplies();
      await pause(700);
      bench.proxy.heal();
      return bench.recoveredSince(Date.now());
    });
    await bench.settled();
    return seconds;
  },
};

const outOfMemory: Fault = {
  name: 'out of memory, noeviction',
  mayFinishTwice: 0,
  run: async (bench) => {
    await bench.worker();
    const client = new Redis(bench.redis.port);
    try {
      const seconds = await underLoad(bench, async () => {
        await client.config('SET', 'maxmemory', '1mb');
        await pause(2_500);
        await client.config('SET', 'maxmemory', '0');
        const freedAt = Date.now();
        await waitUntil(() => bench.produce(1, { sleepMs: 1 }), 'adds to resume');
        return bench.recoveredSince(freedAt);
      });
      await bench.settled();
      return seconds;
    } finally {
      client.disconnect();
    }
  },
};

const blockedLoop: Fault = {
  name: 'event loop blocked for 3 lock times',
  options: { lock: FAST_LOCK, maxCrashes: 5 },
  mayFinishTwice: 20,
  run: async (bench) => {
    await bench.worker(20);
    const [blocking] = await bench.produce(1, { sleepMs: 10, blockMs: 3 * FAST_LOCK.durationMs });
    await waitUntil(() => bench.read().started.size === 1, 'the block');
    const blockedAt = Date.now();
    await bench.worker(20);
    await bench.produce(30, { sleepMs: 50 });
    await waitUntil(() => bench.read().done.has(blocking ?? ''), 'the blocked job to finish', 60_000);
    const seconds = (Date.now() - blockedAt) / 1_000;
    await bench.settled();
    return seconds;
  },
};

const failedRenewals: Fault = {
  name: 'lock renewals that fail',
  options: { lock: { durationMs: 3_000, renewMs: 750, stalledCheckMs: 500 } },
  mayFinishTwice: 0,
  run: async (bench) => {
    await bench.worker(10);
    await bench.worker(10);
    await bench.produce(10, { sleepMs: 5_000 });
    await waitUntil(() => bench.read().started.size === 10, 'the runs');
    // Every renewal of two seconds is cut off.
    const until = Date.now() + 2_000;
    while (Date.now() < until) {
      bench.proxy.cut();
      await pause(25);
    }
    const healedAt = Date.now();
    await bench.settled();
    return (Date.now() - healedAt) / 1_000;
  },
};

const stubbornHandler: Fault = {
  name: 'handler that ignores abort',
  options: { lock: FAST_LOCK },
  mayFinishTwice: 4,
  run: async (bench) => {
    await bench.worker(4);
    const startedAt = Date.now();
    await bench.produce(4, { sleepMs: 1_500, doomed: true }, 'stubborn');
    await bench.settled();
    const { overlapped } = bench.read();
    if (overlapped.size > 0)
      throw new Error(`Jobs ran beside their own retries: ${[...overlapped].join(', ')}`);
    return (Date.now() - startedAt) / 1_000;
  },
};

function sigterm(times: 1 | 2): Fault {
  return {
    name: times === 1 ? 'SIGTERM under load' : 'SIGTERM twice under load',
    mayFinishTwice: 0,
    run: async (bench) => {
      const leaving = await bench.worker(10, 500);
      await bench.produce(10, { sleepMs: 2_000 });
      const seconds = await underLoadOf(bench, leaving, times);
      await bench.settled();
      return seconds;
    },
  };
}

async function underLoadOf(bench: FaultBench, leaving: ChildProcess, times: 1 | 2): Promise<number> {
  await bench.produce(30, { sleepMs: 20 });
  await waitUntil(() => bench.read().started.size >= 10, 'the runs');
  const sentAt = Date.now();
  leaving.kill('SIGTERM');
  if (times === 2) {
    await pause(100);
    leaving.kill('SIGTERM');
  }
  await bench.worker(20);
  const code = await exited(leaving);
  if (code !== 0) throw new Error(`The worker exited with ${code} instead of 0.`);
  return bench.recoveredSince(sentAt);
}

/** Every fault of the table. */
export const FAULTS: readonly Fault[] = [
  killWorker,
  crashLoop('two crashes on the same job', 2, 5),
  crashLoop('ten crashes on the same job', 10, 10),
  killRedis,
  {
    ...{ name: 'SIGSTOP of Redis for 10 s', mayFinishTwice: 0 },
    run: outage(
      (bench) => bench.redis.signal('SIGSTOP'),
      (bench) => bench.redis.signal('SIGCONT'),
    ),
  },
  {
    ...{ name: 'connections blackholed for 10 s', mayFinishTwice: 20 },
    run: outage(
      (bench) => bench.proxy.blackhole(),
      (bench) => bench.proxy.heal(),
    ),
  },
  lostReplies,
  outOfMemory,
  blockedLoop,
  failedRenewals,
  stubbornHandler,
  sigterm(1),
  sigterm(2),
];
