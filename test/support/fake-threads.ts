import { EventEmitter } from 'node:events';
import { ManualClock } from '../../src/kernel/time/manual-clock.js';
import type { EventBusSettings } from '../../src/buffered-events/configuration/event-bus-settings.js';
import type { FromThread, ThreadStart, ToThread } from '../../src/buffered-events/threads/thread-messages.js';
import type {
  PoolBuffer,
  PoolCells,
  PoolListener,
  ThreadDeath,
  ThreadWorker,
} from '../../src/buffered-events/threads/pool/pool-words.js';
import { ThreadPool } from '../../src/buffered-events/threads/pool/thread-pool.js';

/** What a thread would write down of itself, set by a test. */
export class FakeCells implements PoolCells {
  sleeping = false;
  dozing = false;
  /** Whether its loop turns. */
  answers = true;
  draining = false;
  alone = -1;
  running = 0;
  done = 0;
  failed = 0;
  private turned = 0;

  get beats(): number {
    if (this.answers) this.turned += 1;
    return this.turned;
  }

  get resting(): boolean {
    return this.sleeping || this.dozing;
  }

  wake(): boolean {
    const rested = this.resting;
    this.sleeping = this.dozing = false;
    return rested;
  }

  reset(): void {
    Object.assign(this, { sleeping: false, dozing: false, draining: false, alone: -1, running: 0 });
  }
}

/** A buffer of which only the sizes of lanes are there. */
class FakeBuffer implements PoolBuffer {
  readonly handle = { memory: new SharedArrayBuffer(8), slots: 1, blocks: 1, ringSize: 1 };
  quarantine = -1;
  lanes: [number, number, number, number] = [0, 0, 0, 0];
  private readonly ofOwners = new Map<number, FakeCells>();

  cells(owner: number): FakeCells {
    const known = this.ofOwners.get(owner) ?? new FakeCells();
    this.ofOwners.set(owner, known);
    return known;
  }

  readyInLanes(): [number, number, number, number] {
    return this.lanes;
  }
}

/** A thread that does what a test says. */
export class FakeThread extends EventEmitter implements ThreadWorker {
  readonly heard: ToThread[] = [];
  /** Whether it holds the process open. */
  isHeld = true;
  terminated = false;

  constructor(readonly start: ThreadStart) {
    super();
  }

  says(message: FromThread): void {
    this.emit('message', message);
  }

  boots(): void {
    this.says({ kind: 'ready', handles: [] });
  }

  /** As Node ends a thread: its error first, if there is one, then its exit. */
  dies(code = 1, error?: Error): void {
    if (error !== undefined) this.emit('error', error);
    this.emit('exit', code);
  }

  get rings(): number {
    return this.heard.filter((message) => message === 0).length;
  }

  postMessage(message: ToThread): void {
    this.heard.push(message);
  }

  terminate(): Promise<number> {
    this.terminated = true;
    setImmediate(() => this.emit('exit', 1));
    return Promise.resolve(1);
  }

  ref(): void {
    this.isHeld = true;
  }

  unref(): void {
    this.isHeld = false;
  }
}

/** A pool whose threads and whose time are in the hands of a test. */
export class PoolStage {
  readonly clock = new ManualClock();
  readonly buffer = new FakeBuffer();
  readonly threads: FakeThread[] = [];
  readonly deaths: ({ owner: number } & ThreadDeath)[] = [];
  readonly lives: number[] = [];
  readonly listener: PoolListener = {
    ready: () => undefined,
    failed: () => undefined,
    room: () => undefined,
    emit: () => Promise.resolve({ id: 'an-id' }),
    died: (owner, death) => void this.deaths.push({ owner, ...death }),
    liveChanged: (live) => void this.lives.push(live),
  };
  types: string[] = ['a'];
  readonly pool: ThreadPool;
  /** Threads boot at once. */
  bootsByItself = true;

  constructor(settings: Partial<Omit<EventBusSettings, 'threads'>> = {}, threads = {}) {
    this.pool = new ThreadPool({
      settings: {
        workerCount: 2,
        workerRestartDelay: 1_000,
        gracefulShutdownTimeout: 5_000,
        priorities: { critical: 3, normal: 2, low: 1 },
        logLevels: null,
        ...settings,
        threads: { module: 'events.js', concurrency: 10, handlerTimeoutMs: 400, execArgv: [], ...threads },
      } as unknown as EventBusSettings,
      buffer: this.buffer,
      bus: 'bus',
      types: () => this.types,
      listener: this.listener,
      clock: this.clock,
      startThread: (start) => this.start(start),
    });
  }

  /** The newest thread of a number. */
  thread(owner: number): FakeThread {
    const found = this.threads.findLast(({ start }) => start.owner === owner);
    if (found === undefined) throw new Error(`No thread ${owner} was started.`);
    return found;
  }

  cells(owner: number): FakeCells {
    return this.buffer.cells(owner);
  }

  private start(start: ThreadStart): FakeThread {
    const thread = new FakeThread(start);
    this.threads.push(thread);
    if (this.bootsByItself) setImmediate(() => thread.boots());
    return thread;
  }
}

/** Lets what was planned for the next turns of the loop happen. */
export async function turns(count = 3): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
