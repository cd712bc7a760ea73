// node … wake-ups.ts <times>: as often an idle bus gets one event; how long each took to start, in a last line of JSON.
import 'reflect-metadata';
import { BroadcastChannel } from 'node:worker_threads';
import { CountingHost, report } from '../support/counting-host.js';
import { STARTS } from '../support/counts.js';
import { DOZE_MS } from '../../../src/buffered-events/consume/doze.js';
import { MachineDelay } from './machine-delay.js';

const times = Number(process.argv[2]);
/** Ends a hang: a bell that was lost is rung again after a second. */
const DEADLINE_MS = 30_000;

interface Start {
  readonly n: number;
  readonly emittedAt: number;
  readonly startedAt: number;
}

/** What one program saw. */
export interface WakeUps {
  readonly handled: number;
  /** From emit to start by the bus's own clock, less what the machine kept a thread and the app waiting in that time, milliseconds. */
  readonly worst: number;
  /** The same, with that. */
  readonly worstInAll: number;
  readonly p50: number;
  readonly p99: number;
  /** Whether the bus ever had to ring again. */
  readonly stalled: boolean;
}

async function main(): Promise<void> {
  const host = await CountingHost.start({ workerCount: 1, maxQueueSize: 100, fallbackToSync: false }, 1);
  const machine = await MachineDelay.watch();
  const channel = new BroadcastChannel(STARTS);
  const waits: number[] = [];
  let worst = 0;
  let stalled = false;
  for (let n = 0; n < times; n += 1) {
    const started = new Promise<Start>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`event ${n} was never handled`)), DEADLINE_MS);
      channel.onmessage = ({ data }: { data: unknown }) => {
        clearTimeout(timer);
        resolve(data as Start);
      };
    });
    machine.begin();
    await host.bus.emitEvent('ping', { n });
    const { emittedAt, startedAt } = await started;
    const took = startedAt - emittedAt;
    waits.push(took);
    // The machine's own delay costs a question only where it matters.
    if (took > worst) worst = Math.max(worst, took - machine.delay());
    // Mostly the next comes just as the thread begins to doze, now and then as it falls asleep, or soon after.
    if (n % 20 === 0) await new Promise((resolve) => setTimeout(resolve, DOZE_MS - 1 + (n % 3)));
    if (n % 100 === 0) {
      const { alerts } = await host.bus.getHealthStatus();
      stalled ||= alerts.some(({ code }) => code === 'STALLED');
    }
  }
  channel.close();
  await machine.stop();
  await host.app.close();
  waits.sort((a, b) => a - b);
  const at = (share: number): number => waits[Math.floor(share * (waits.length - 1))] ?? Number.NaN;
  const seen: WakeUps = {
    ...{ handled: waits.length, worst, worstInAll: at(1), p50: at(0.5), p99: at(0.99) },
    stalled,
  };
  report(seen);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
