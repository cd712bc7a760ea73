import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { EventBuffer } from '../../src/buffered-events/buffer/event-buffer.js';
import type { EventBusSettings } from '../../src/buffered-events/configuration/event-bus-settings.js';
import type { ThreadDeath } from '../../src/buffered-events/threads/pool/pool-words.js';
import { ThreadPool } from '../../src/buffered-events/threads/pool/thread-pool.js';
import { SystemClock } from '../../src/kernel/time/clock.js';
import { waitUntil } from './wait-until.js';

/** What threads of this stage can handle; see bare-thread.ts. */
export const BARE_TYPES = [
  'count',
  'slow',
  'fails',
  'exits',
  'loops',
  'throws',
  'grows',
  'never',
  'blocks',
] as const;

export interface BareSettings {
  readonly workerCount?: number;
  readonly workerRestartDelay?: number;
  readonly gracefulShutdownTimeout?: number;
  readonly handlerTimeoutMs?: number;
  readonly module?: string;
}

/** Real threads, the real buffer and pool, and in place of the bus as little as there can be: what fails or dies three times is given up. */
export class BarePool {
  readonly buffer = EventBuffer.create({
    maxQueueSize: 20_000,
    maxMemoryMB: 30,
    maxEventSize: 512,
    weights: [3, 2, 1],
  });
  readonly counts: Int32Array;
  readonly deaths: ({ readonly owner: number } & ThreadDeath)[] = [];
  /** Numbers of the events that were given up. */
  readonly dead: number[] = [];
  readonly workers: Worker[] = [];
  readonly pool: ThreadPool;
  private sequence = 0;

  /** @param events most that are counted */
  constructor(events: number, given: BareSettings = {}) {
    const { module = 'works', handlerTimeoutMs = 30_000, ...settings } = given;
    this.counts = new Int32Array(new SharedArrayBuffer(4 * Math.max(1, events)));
    this.pool = new ThreadPool({
      settings: {
        workerCount: 2,
        workerRestartDelay: 20,
        gracefulShutdownTimeout: 5_000,
        workerHeapMB: 40,
        maxEventSize: 512,
        priorities: { critical: 3, normal: 2, low: 1 },
        logLevels: null,
        ...settings,
        threads: { module, handlerTimeoutMs, concurrency: 10, execArgv: [] },
      } as unknown as EventBusSettings,
      buffer: this.buffer,
      bus: 'bare',
      types: () => BARE_TYPES,
      clock: new SystemClock(),
      listener: {
        ready: () => undefined,
        failed: (_, hold) => {
          if (this.buffer.hold(hold)) this.again(hold.slot, 'own', this.buffer.failedOnce(hold.slot));
        },
        room: () => undefined,
        emit: () => Promise.resolve({}),
        died: (owner, death) => this.died(owner, death),
        liveChanged: () => undefined,
      },
      startThread: (start) => {
        const worker = new Worker(join(__dirname, 'bare-thread.ts'), {
          workerData: { ...start, counts: this.counts },
          execArgv: ['--require', join(__dirname, 'typescript-hook.cjs')],
          resourceLimits: { maxOldGenerationSizeMb: 40 },
        });
        this.workers.push(worker);
        return worker;
      },
    });
  }

  /** Stores an event, whose payload is its number, and rings. */
  emit(type: (typeof BARE_TYPES)[number], n = 0): void {
    const event = {
      type: BARE_TYPES.indexOf(type),
      lane: 1,
      sequence: (this.sequence += 1),
      emittedAt: performance.timeOrigin + performance.now(),
      json: String(n),
      bytes: String(n).length,
    };
    const refused = this.buffer.put(event, 'threads');
    if (refused !== null) throw new Error(`The buffer is full of ${refused}.`);
    this.pool.ring();
  }

  /** Waits until nothing is stored. */
  async settled(): Promise<void> {
    await waitUntil(() => this.buffer.size === 0, 'all events to be handled or given up', 60_000);
  }

  /** How often each of the first `count` events was handled. */
  handled(count: number): number[] {
    return [...this.counts.subarray(0, count)];
  }

  private died(owner: number, death: ThreadDeath): void {
    this.deaths.push({ owner, ...death });
    for (const slot of this.buffer.heldBy(owner)) {
      const isBlamed = death.alone && !death.planned;
      this.again(slot, death.planned ? 'own' : 'suspects', isBlamed ? this.buffer.crashedOnce(slot) : 0);
    }
  }

  private again(slot: number, lane: 'own' | 'suspects', failures: number): void {
    if (failures < 3) {
      this.buffer.ready(slot, lane, 'threads');
      this.pool.ring();
      return;
    }
    this.dead.push(Number(this.buffer.read(slot).json));
    this.buffer.free(slot);
  }
}
