// node … shutdown.ts <drains | hurries | called twice>: a shutdown under load; what was seen, in a last line of JSON. It ends by itself.
import 'reflect-metadata';
import { CountingHost, report } from '../support/counting-host.js';
import { WitnessedThreads } from '../support/witnessed-threads.js';

const EVENTS = 3_000;
const HURRY_MS = 500;
const how = process.argv[2];

/** What one program saw. */
export interface Shutdown {
  readonly emitted: number;
  readonly refused: readonly string[];
  /** Neither handled nor left over. */
  readonly missing: readonly number[];
  readonly handled: number;
  readonly leftovers: number;
  /** Leftovers that had been handled. */
  readonly both: number;
  readonly calls: number;
  readonly overTimeMs: number;
  readonly threadsLeft: number;
}

async function main(): Promise<void> {
  const threads = WitnessedThreads.watch();
  const left: number[] = [];
  let calls = 0;
  const timeout = how === 'drains' ? 60_000 : HURRY_MS;
  const host = await CountingHost.start(
    {
      workerCount: 2,
      maxQueueSize: EVENTS * 2,
      reliabilityLimits: { gracefulShutdownTimeout: timeout },
      onLeftover: (events: readonly { payload: { n: number } }[]) => {
        calls += 1;
        left.push(...events.map(({ payload }) => payload.n));
      },
    },
    EVENTS,
  );
  await host.emit(EVENTS, 0, how === 'drains' ? 1 : 20);
  const begun = performance.now();
  const closing = Promise.all([host.bus.shutdown(), host.bus.shutdown()]);
  const refused: string[] = [];
  await host.bus
    .emitEvent('count', { n: 0 })
    .catch((error: unknown) => refused.push((error as Error).constructor.name));
  await closing;
  const took = performance.now() - begun;
  await host.app.close();
  const isLeft = new Set(left);
  const { missing } = host.unhandled(EVENTS);
  const seen: Shutdown = {
    emitted: EVENTS,
    refused,
    missing: missing.filter((n) => !isLeft.has(n)),
    handled: EVENTS - missing.length,
    leftovers: left.length,
    both: left.filter((n) => host.counts.finished(n) > 0).length,
    calls,
    overTimeMs: took - timeout,
    threadsLeft: threads.alive.length,
  };
  report(seen);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
