// node … lanes.ts <per lane> <threads> <concurrency>: three full lanes, then who is started when, in a last line of JSON.
import 'reflect-metadata';
import { CountingHost, report } from '../support/counting-host.js';

const [perLane = 0, threads = 1, concurrency = 1] = process.argv.slice(2).map(Number);
const LANES = ['critical', 'normal', 'low'] as const;

/** What one program saw. */
export interface Shares {
  /** Of each lane: how many were among the first that were started, up to when the first lane was empty. */
  readonly shares: readonly number[];
  /** How many that were. */
  readonly among: number;
  /** For each lane, whether its events were started in the order they were emitted. */
  readonly inOrder: readonly boolean[];
}

async function main(): Promise<void> {
  const all = perLane * LANES.length;
  const host = await CountingHost.start(
    {
      workerCount: threads,
      maxQueueSize: all * 2,
      maxMemoryMB: 50,
      fallbackToSync: false,
      threads: { concurrency },
    },
    all,
  );
  // Each thread stands at the gate, deaf to everything, while the lanes fill.
  for (let gate = 0; gate < threads; gate += 1) await host.bus.emitEvent('gate', {});
  await new Promise((resolve) => setTimeout(resolve, 200));
  for (let n = 0; n < all; n += 1)
    await host.bus.emitEvent('count', { n }, { priority: LANES[Math.floor(n / perLane)] });
  host.counts.openGate();
  await host.settled();
  const numbers = Array.from({ length: all }, (_, n) => n);
  const placesOf = (lane: number): number[] =>
    numbers.slice(lane * perLane, (lane + 1) * perLane).map((n) => host.counts.place(n));
  const lanes = LANES.map((_, lane) => placesOf(lane));
  const among = Math.min(...lanes.map((places) => Math.max(...places)));
  const shares: Shares = {
    shares: lanes.map((places) => places.filter((place) => place <= among).length),
    among,
    inOrder: lanes.map((places) =>
      places.every((place, index) => index === 0 || place > (places[index - 1] ?? 0)),
    ),
  };
  await host.app.close();
  report(shares);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
