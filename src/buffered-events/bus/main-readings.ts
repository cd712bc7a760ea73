import { MAIN_OWNER } from '../buffer/buffer-words.js';
import type { EventBuffer } from '../buffer/event-buffer.js';
import type { EventBusSettings } from '../configuration/event-bus-settings.js';
import type { BusPhase, BusReadings, ConsumerReading } from './bus-readings.js';
import type { MainCore } from './main-core.js';

/** Of a bus that has not started. */
export function emptyReadings(phase: BusPhase, { enabled, workerCount }: EventBusSettings): BusReadings {
  return {
    enabled,
    phase,
    emitted: 0,
    emittedInLanes: [0, 0, 0],
    busyMs: 0,
    unhandled: 0,
    refused: 0,
    waitingEmits: 0,
    retries: 0,
    waitingRetries: 0,
    crashes: 0,
    deadLetters: { kept: 0, total: 0, dropped: 0, replayed: 0, discarded: 0 },
    size: 0,
    utilization: 0,
    memoryUsage: 0,
    ready: { critical: 0, normal: 0, low: 0, suspects: 0, main: 0 },
    full: false,
    fallback: false,
    threads: { wanted: workerCount, live: 0, restarts: 0, deaths: 0, stalls: 0 },
    consumers: [],
  };
}

/** Of one that has: reads memory and counters, and asks no thread. */
export function readingsOf(core: MainCore, phase: BusPhase, { maxQueueSize }: EventBusSettings): BusReadings {
  const { buffer, emits, settlement, letters, pool, unhandled, standIn, time } = core;
  const [critical, normal, low, suspects] = buffer.readyInLanes();
  const { size, memoryUsage } = buffer;
  return {
    enabled: true,
    phase,
    emitted: emits.stored.reduce((sum, count) => sum + count, 0),
    emittedInLanes: [...emits.stored],
    busyMs: time.totalMs,
    unhandled: unhandled.count,
    refused: emits.refused,
    waitingEmits: emits.waitingEmits,
    retries: settlement.retries,
    waitingRetries: settlement.waiting,
    crashes: settlement.crashes,
    deadLetters: letters.readings,
    size,
    utilization: buffer.utilization,
    memoryUsage,
    ready: { critical, normal, low, suspects, main: buffer.main.ready },
    // The last tenth of the places is for critical events: for all others it is full before.
    full: size >= maxQueueSize - Math.floor(maxQueueSize / 10) || memoryUsage >= 1 || emits.waitForRoom,
    fallback: standIn.isOn,
    threads: {
      wanted: pool.wanted,
      live: pool.live,
      restarts: pool.restarts,
      deaths: pool.deaths,
      stalls: pool.stalls,
    },
    consumers: consumersOf(buffer, core.owners, new Set(pool.owners)),
  };
}

function consumersOf(
  buffer: EventBuffer,
  owners: Iterable<number>,
  live: ReadonlySet<number>,
): ConsumerReading[] {
  const readings: ConsumerReading[] = [];
  for (const owner of owners) {
    const cells = buffer.cells(owner);
    const isLive = owner === MAIN_OWNER || live.has(owner);
    const { resting, running, done, failed, processingUs, latency, processing } = cells;
    readings.push({
      owner,
      live: isLive,
      resting,
      running,
      done,
      failed,
      processing: processingUs,
      latencies: latency,
      processings: processing,
    });
  }
  return readings;
}
