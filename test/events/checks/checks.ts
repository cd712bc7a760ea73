// node … checks.ts <name>: one of the design's checks; what was seen, in a last line of JSON. Each ends by itself.
import 'reflect-metadata';
import { join } from 'node:path';
import { setEnvironmentData } from 'node:worker_threads';
import { defaultBufferedEventConfig } from '../../../src/buffered-events/index.js';
import type { BufferedEventConfig } from '../../../src/buffered-events/index.js';
import { waitUntil } from '../../support/wait-until.js';
import { CountingHost, report } from '../support/counting-host.js';
import { WitnessedThreads } from '../support/witnessed-threads.js';
import { BROKEN, REQUESTS, seenRequests } from './harmful-threads.module.js';

const threads = WitnessedThreads.watch();
const MODULE = join(__dirname, 'harmful-threads.module.ts');
const LONG_MS = 60_000;

const host = (config: BufferedEventConfig, events = 1): Promise<CountingHost> =>
  CountingHost.start(
    {
      reliabilityLimits: { workerRestartDelay: 1, gracefulShutdownTimeout: 10_000 },
      ...config,
      threads: { module: MODULE, ...config.threads },
    },
    events,
  );

/** What an emit was refused with. */
const refusal = (emit: Promise<string>): Promise<unknown> =>
  emit.then(
    () => undefined,
    (error: unknown) => {
      const { code, reason } = error as { code?: string; reason?: string };
      return { code, reason };
    },
  );

/** The seed's own production size, filled while the only thread stands at the gate. */
async function productionSize(): Promise<object> {
  const { bus, counts, app } = await host(
    { ...defaultBufferedEventConfig, workerCount: 1, maxQueueSize: 50_000 },
    50_000,
  );
  await bus.emitEvent('gate', {});
  for (let n = 1; n < 45_000; n += 1) await bus.emitEvent('seen', {});
  const normal = await refusal(bus.emitEvent('seen', {}));
  for (let n = 0; n < 5_000; n += 1) await bus.emitEvent('seen', {}, { priority: 'critical' });
  const critical = await refusal(bus.emitEvent('seen', {}, { priority: 'critical' }));
  const { size, utilization, memoryUsage } = bus.getMetrics().queueMetrics;
  const { status } = await bus.getHealthStatus();
  counts.openGate();
  await app.close();
  return { normal, critical, size, utilization, memoryUsage, status };
}

/** One event among 200 ends the process of its thread, each time. */
async function poison(): Promise<object> {
  const started = await host({ workerCount: 2, fallbackToSync: false, retryAttempts: 0 }, 200);
  const { bus, app } = started;
  await started.emit(100, 0, 2);
  const id = await bus.emitEvent('exit', {});
  await started.emit(100, 100, 2);
  await started.settled();
  const letters = bus.getDeadLetterQueue();
  const { missing } = started.unhandled(200);
  const deaths = bus.getMetrics().retryStats.crashes;
  await app.close();
  return {
    missing,
    dead: letters.map((letter) => ({
      isPoison: letter.id === id,
      crashes: letter.crashes,
      name: letter.lastError.name,
    })),
    deaths,
  };
}

/** One event among 100 never ends, and never lets go of its thread. */
async function endlessLoop(): Promise<object> {
  const handlerTimeoutMs = 500;
  const started = await host(
    { workerCount: 1, fallbackToSync: false, maxCrashes: 1, threads: { handlerTimeoutMs, concurrency: 1 } },
    100,
  );
  const { bus, app } = started;
  const [first] = threads.alive;
  const ended = new Promise<number>((resolve) => first?.once('exit', () => resolve(performance.now())));
  const begun = performance.now();
  await bus.emitEvent('loop', {}, { priority: 'critical' });
  await started.emit(100);
  await started.settled();
  const tookMs = (await ended) - begun;
  const { missing } = started.unhandled(100);
  const dead = bus.getDeadLetterQueue().map(({ event }) => event.type);
  await app.close();
  return { tookMs, mostMs: handlerTimeoutMs + 2_000, missing, dead };
}

/** Threads that cannot boot: the app does not start. */
async function brokenModule(): Promise<object> {
  setEnvironmentData(BROKEN, 'no database there');
  const problem = await host({ workerCount: 4 }).then(
    () => 'started',
    (error: unknown) => {
      const { code, message } = error as { code?: string; message: string };
      return { code, message };
    },
  );
  return { problem, started: threads.started, left: threads.alive.length };
}

/** Threads that die, and cannot boot again: the app's own thread goes on with their work, and gives it back. */
async function allDead(): Promise<object> {
  const { bus, app } = await host({ workerCount: 2 });
  setEnvironmentData(BROKEN, 'no database any more');
  await Promise.all(threads.alive.map((thread) => thread.terminate()));
  for (let request = 0; request < 50; request += 1)
    await REQUESTS.run(`request ${request}`, () => bus.emitEvent('seen', {}));
  await waitUntil(() => seenRequests.length === 50, 'the app to handle what its threads cannot', LONG_MS);
  const dead = await bus.getHealthStatus();
  setEnvironmentData(BROKEN, undefined);
  await waitUntil(
    () => bus.getWorkerStatistics().activeWorkers + bus.getWorkerStatistics().idleWorkers > 0,
    'threads',
    LONG_MS,
  );
  await waitUntil(
    async () => !(await bus.getHealthStatus()).alerts.some(({ code }) => code === 'FALLBACK'),
    'health',
    LONG_MS,
  );
  const there = seenRequests.length;
  for (let n = 0; n < 50; n += 1) await bus.emitEvent('seen', {});
  await waitUntil(() => bus.getMetrics().queueMetrics.size === 0, 'the threads to handle again', LONG_MS);
  const back = seenRequests.length - there;
  await app.close();
  return {
    requests: [...new Set(seenRequests.map(String))],
    status: dead.status,
    activeWorkers: dead.activeWorkers,
    back,
  };
}

const CHECKS: Record<string, () => Promise<object>> = {
  'production-size': productionSize,
  poison,
  'endless-loop': endlessLoop,
  'broken-module': brokenModule,
  'all-dead': allDead,
};

async function main(): Promise<void> {
  const check = CHECKS[process.argv[2] ?? ''];
  if (check === undefined) throw new Error(`There is no check "${process.argv[2]}".`);
  const seen = await check();
  report({ ...seen, threadsLeft: threads.alive.length });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
