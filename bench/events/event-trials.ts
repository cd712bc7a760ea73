import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { percentile } from '../statistics.js';
import { benchEvent } from './bench-event.js';
import type { EventContestant } from './event-contestants.js';
import { exactNow, Seen } from './seen.js';

/** Emitted in one turn of the loop, and at most under way. */
const PER_TURN = 100;
const UNDER_WAY = 5_000;
const PACED_MS = 6_000;
const WARM_UP_MS = 1_500;

/** What is measured in a process of its own. */
export type EventTrial =
  /** As many events per second as go, or the CPU of the whole process that each of them takes. */
  | { readonly kind: 'rate' | 'cost'; readonly events: number }
  /** 500 events a second. */
  | { readonly kind: 'share' | 'start'; readonly group: number }
  /** 150 events a second, whose handlers compute for 4 ms. */
  | { readonly kind: 'delay' };

/** Events per second; microseconds; percent of a core; milliseconds. */
export async function runEventTrial(trial: EventTrial, contestant: EventContestant): Promise<number> {
  switch (trial.kind) {
    case 'rate':
      return (await flood(contestant, trial.events)).rate;
    case 'cost':
      return (await flood(contestant, trial.events)).cost;
    case 'share':
      return share(contestant, trial.group);
    case 'start':
      return start(contestant, trial.group);
    case 'delay':
      return delay(contestant);
  }
}

/** From the first emit until the last event was handled, after half as many to warm up. */
async function flood(
  contestant: EventContestant,
  events: number,
): Promise<{ readonly rate: number; readonly cost: number }> {
  const seen = Seen.make();
  const emit = await contestant.start();
  const pour = async (from: number, to: number): Promise<void> => {
    for (let next = from; next < to;) {
      const group = Array.from({ length: PER_TURN }, (_, n) => benchEvent(next + n, 0));
      next += PER_TURN;
      void emit(group);
      await nextTurn();
      // A loop that only waits would take from the threads what is measured.
      while (next - seen.handled > UNDER_WAY) await pause(1);
    }
    while (seen.handled < to) await pause(1);
  };
  const warmUp = events / 2;
  await pour(0, warmUp);
  const [begun, cpu] = [performance.now(), process.cpuUsage()];
  await pour(warmUp, warmUp + events);
  const { user, system } = process.cpuUsage(cpu);
  return { rate: (events * 1_000) / (performance.now() - begun), cost: (user + system) / events };
}

/** Percent of a core that the app's thread takes. */
async function share(contestant: EventContestant, group: number): Promise<number> {
  Seen.make();
  const emit = await contestant.start();
  const stop = pace(emit, { group, everyMs: 2 * group });
  await pause(WARM_UP_MS);
  const [cpu, begun] = [mainThreadMs(), performance.now()];
  await pause(PACED_MS);
  const percent = (100 * (mainThreadMs() - cpu)) / (performance.now() - begun);
  stop();
  return percent;
}

/** 99th percentile from emit to start, milliseconds. */
async function start(contestant: EventContestant, group: number): Promise<number> {
  const seen = Seen.make(500_000);
  const emit = await contestant.start();
  const stop = pace(emit, { group, everyMs: 2 * group });
  await pause(WARM_UP_MS);
  const warm = seen.handled;
  await pause(PACED_MS);
  stop();
  return percentile(seen.starts().slice(warm), 99);
}

/** 99th percentile of how late the app's thread comes to what it should do, milliseconds. */
async function delay(contestant: EventContestant): Promise<number> {
  Seen.make();
  const emit = await contestant.start();
  const stop = pace(emit, { group: 1, everyMs: 1_000 / 150, busyMs: 4 });
  await pause(WARM_UP_MS);
  const monitor = monitorEventLoopDelay({ resolution: 1 });
  monitor.enable();
  await pause(PACED_MS);
  stop();
  // It counts how long its own timer of a millisecond took.
  return monitor.percentile(99) / 1e6 - 1;
}

/** Emits groups at even times, those that are late included. @returns what ends it */
function pace(
  emit: (events: ReturnType<typeof benchEvent>[]) => unknown,
  { group, everyMs, busyMs = 0 }: { group: number; everyMs: number; busyMs?: number },
): () => void {
  const begun = performance.now();
  let groups = 0;
  const timer = setInterval(
    () => {
      while (begun + groups * everyMs <= performance.now()) {
        const at = exactNow();
        void emit(Array.from({ length: group }, (_, n) => benchEvent(groups * group + n, at, busyMs)));
        groups += 1;
      }
    },
    Math.max(1, Math.floor(everyMs)),
  );
  return () => clearInterval(timer);
}

/** CPU that the app's thread has taken, milliseconds: Linux counts it in nanoseconds. */
function mainThreadMs(): number {
  const [onCpu] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
  return Number(onCpu) / 1e6;
}
