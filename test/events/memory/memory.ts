// node --expose-gc … memory.ts <events>: heaps of the app and of a thread after a tenth of the events, and after all, in a last line of JSON.
import 'reflect-metadata';
import { CountingHost, report } from '../support/counting-host.js';

const events = Number(process.argv[2]);
const PER_ROUND = 10_000;

/** What one program saw; kB. */
export interface Memory {
  readonly emitted: number;
  readonly appGrewBy: number;
  readonly threadGrewBy: number;
  /** Of the process, outside of heaps: array buffers. */
  readonly buffersGrewBy: number;
}

interface Sizes {
  readonly app: number;
  readonly thread: number;
  readonly buffers: number;
}

async function main(): Promise<void> {
  const config = { workerCount: 1, maxQueueSize: 5_000, whenFull: { waitMs: 60_000 }, fallbackToSync: false };
  const host = await CountingHost.start(config, PER_ROUND);
  const sizes = async (): Promise<Sizes> => {
    // Twice: what the first collection frees may hold more.
    for (let time = 0; time < 2; time += 1) {
      await host.bus.emitEvent('heap', {});
      await host.settled();
      globalThis.gc?.();
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return { app: heapUsed / 1024, thread: host.counts.heapKb, buffers: arrayBuffers / 1024 };
  };
  const round = async (): Promise<void> => {
    await host.emit(PER_ROUND);
    await host.settled();
  };
  const rounds = events / PER_ROUND;
  const warm = Math.max(2, rounds / 10);
  for (let done = 0; done < warm; done += 1) await round();
  const before = await sizes();
  for (let done = warm; done < rounds; done += 1) await round();
  const after = await sizes();
  const seen: Memory = {
    emitted: host.bus.getMetrics().queueMetrics.totalEmitted,
    appGrewBy: after.app - before.app,
    threadGrewBy: after.thread - before.thread,
    buffersGrewBy: after.buffers - before.buffers,
  };
  await host.app.close();
  report(seen);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
