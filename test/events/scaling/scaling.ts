// node … scaling.ts: 1 → 8 → 2 → 0 → 4 threads while events pour in, then a shutdown; what was seen, in a last line of JSON.
import 'reflect-metadata';
import { CountingHost, report } from '../support/counting-host.js';
import { WitnessedThreads } from '../support/witnessed-threads.js';

const STEPS = [1, 8, 2, 0, 4];
const EVENTS = 20_000;

/** What one program saw. */
export interface Scalings {
  readonly steps: readonly {
    readonly asked: number;
    /** Threads that are there, by the bus and in truth. */
    readonly total: number;
    readonly alive: number;
  }[];
  readonly emitted: number;
  readonly missing: readonly number[];
  readonly twice: number;
  readonly processed: number;
  readonly deadLetters: number;
  readonly crashes: number;
  readonly restarts: number;
  readonly threadsLeft: number;
}

async function main(): Promise<void> {
  const threads = WitnessedThreads.watch();
  const config = { workerCount: 1, maxQueueSize: 2_000, whenFull: { waitMs: 60_000 }, retryAttempts: 0 };
  const host = await CountingHost.start(config, EVENTS);
  const { bus } = host;
  let emitted = 0;
  let isScaling = true;
  const flood = (async () => {
    while (isScaling || emitted < 2_000) {
      if (emitted + 100 > EVENTS) break;
      await host.emit(100, emitted, emitted % 3);
      emitted += 100;
    }
  })();
  const steps = [];
  for (const asked of STEPS) {
    await bus.scaleWorkers(asked);
    steps.push({ asked, total: bus.getWorkerStatistics().totalWorkers, alive: threads.alive.length });
  }
  isScaling = false;
  await flood;
  await host.settled();
  const { missing, twice } = host.unhandled(emitted);
  const { retryStats, queueMetrics } = bus.getMetrics();
  const { restarts } = bus.getWorkerStatistics();
  await host.app.close();
  const seen: Scalings = {
    ...{ steps, emitted, missing, twice, restarts },
    processed: queueMetrics.totalProcessed,
    deadLetters: retryStats.deadLetterQueueSize,
    crashes: retryStats.crashes,
    threadsLeft: threads.alive.length,
  };
  report(seen);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
