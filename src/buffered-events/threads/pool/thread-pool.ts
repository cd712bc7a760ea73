import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import type { Clock } from '../../../kernel/time/clock.js';
import type { EventBusSettings } from '../../configuration/event-bus-settings.js';
import { EventBusClosedError, EventThreadStartError } from '../../events/errors.js';
import type { ThreadStart } from '../thread-messages.js';
import { endedWithin } from './ended-within.js';
import { Bell } from './bell.js';
import type { PoolBuffer, PoolListener, ThreadWorker } from './pool-words.js';
import { PoolWatch } from './pool-watch.js';
import { checkThreadCount } from './thread-count.js';
import { checkLoadable, startNodeThread, threadStart } from './thread-entry.js';
import type { LifeEnd } from './thread-life.js';
import { ThreadSeat } from './thread-seat.js';

/** No thread runs suspects. */
const NOBODY = -1;

/** How long a stop waits for what was terminated: a thread in the middle of a call of the system ends only after it. */
const TERMINATION_MS = 1_000;

/** What a pool is made of. */
export interface PoolParts {
  readonly settings: EventBusSettings;
  readonly buffer: PoolBuffer;
  /** First half of every event's id. */
  readonly bus: string;
  /** Types by their numbers, as threads are to know them. */
  readonly types: () => readonly string[];
  readonly listener: PoolListener;
  readonly clock: Clock;
  /** Starts a thread; left out: a worker thread of Node. */
  readonly startThread?: (start: ThreadStart) => ThreadWorker;
}

/**
 * The threads of a bus: as many as are wanted, started again when they die, ended when they hang, woken when there is something to claim.
 */
export class ThreadPool {
  /** Times that events were ready, a thread idle, and nothing was claimed for a second; every thread was woken then. */
  stalls = 0;
  /** Threads that died unplanned; those that could not boot are among them. */
  deaths = 0;
  private readonly logger = new SafeLogger('BufferedEvents');
  private readonly seats: ThreadSeat[] = [];
  /** Those that can claim, lowest number first. */
  private ready: readonly ThreadSeat[] = [];
  /** Those that have booted, whether they can claim or not. */
  private booted: readonly ThreadSeat[] = [];
  private target = 0;
  private hasStarted = false;
  private stopping: Promise<void> | null = null;
  private changes: Promise<void> = Promise.resolve(); // the last call that changes how many there are
  private readonly bell: Bell;
  private readonly watch: PoolWatch<ThreadSeat>;

  constructor(private readonly parts: PoolParts) {
    const { buffer, clock, settings } = parts;
    this.bell = new Bell(buffer, () => this.ready, clock);
    this.watch = new PoolWatch({
      clock,
      buffer,
      handlerTimeoutMs: settings.threads.handlerTimeoutMs,
      concurrency: settings.threads.concurrency,
      threads: () => this.booted,
      hung: (seat) => seat.end('hung'),
      waiting: () => this.bell.ringForEach(),
      stalled: () => this.stalled(),
    });
  }

  /** Threads that there are to be. */
  get wanted(): number {
    return this.target;
  }

  /** Threads that can claim. */
  get live(): number {
    return this.ready.length;
  }

  /** Numbers of those that can claim, the lowest first. */
  get owners(): readonly number[] {
    return this.ready.map(({ owner }) => owner);
  }

  /** Threads that were started in place of one that died. */
  get restarts(): number {
    return this.seats.reduce((sum, { restarts }) => sum + restarts, 0);
  }

  /**
   * Starts `workerCount` threads, the first alone: what it cannot boot, none can. Resolves when each is ready, or has failed and is tried again.
   * @throws EventThreadStartError, or what the listener's `ready` threw, when the first one could not boot; no thread is left then
   */
  start(): Promise<void> {
    const { workerCount } = this.parts.settings;
    return this.change(async () => {
      if (workerCount > 0) await this.startFirst();
      this.hasStarted = true;
      await Promise.allSettled(this.openUpTo(workerCount));
    });
  }

  /** Something was put into the lanes of threads. */
  ring(): void {
    if (this.ready.length > 0) this.bell.ring();
  }

  /** The list of types has grown. */
  typesChanged(): void {
    const types = this.parts.types();
    for (const seat of this.booted) seat.tell({ kind: 'types', types });
  }

  /**
   * As many threads from now on; calls are done one after the other. Resolves when all are ready, or those that are too many are gone:
   * what they run they finish, within `gracefulShutdownTimeout`.
   * @throws TypeError for anything but a whole number from 0 to 63
   * @throws EventThreadStartError when a thread could not boot; it is tried again nevertheless
   * @throws EventBusClosedError once the pool stops
   */
  async scale(count: number): Promise<void> {
    checkThreadCount(count);
    return this.change(async () => {
      if (count > 0) this.checkModule();
      if (count < this.target) await this.closeFrom(count, this.parts.settings.gracefulShutdownTimeout);
      await Promise.all(this.openUpTo(count));
    });
  }

  /**
   * Ends all threads; those that have not finished within so many milliseconds are terminated, their end is planned.
   * A second call is the same promise, and gives those that are still there a time of its own.
   */
  stop(withinMs: number): Promise<void> {
    const ended = this.closeFrom(0, withinMs);
    this.bell.stop();
    this.stopping ??= endedWithin(this.parts.clock, ended, withinMs + TERMINATION_MS);
    return this.stopping;
  }

  private change(work: () => Promise<void>): Promise<void> {
    const turn = this.changes.then(work);
    this.changes = turn.catch(() => undefined);
    return turn;
  }

  private refuseWhenStopping(): void {
    if (this.stopping !== null) {
      throw new EventBusClosedError('The bus is shutting down: it starts and ends no threads on call.');
    }
  }

  private async startFirst(): Promise<void> {
    this.checkModule();
    try {
      await Promise.all(this.openUpTo(1));
    } catch (error) {
      await this.closeFrom(0, 0);
      this.watch.stop();
      throw error;
    }
  }

  private checkModule(): string {
    const { module, execArgv } = this.parts.settings.threads;
    if (module === null) {
      throw new EventThreadStartError(
        'Worker threads have no module to boot: name the file of one in threads.module, or set workerCount to 0.',
      );
    }
    if (this.parts.startThread === undefined) checkLoadable(module, execArgv);
    return module;
  }

  /** @returns when each of them is ready */
  private openUpTo(count: number): Promise<void>[] {
    // The bus may have begun to stop while others ended or started.
    this.refuseWhenStopping();
    this.target = Math.max(this.target, count);
    if (count > 0) this.watch.start();
    while (this.seats.length < count) this.seats.push(this.newSeat(this.seats.length + 1));
    const wanted = this.seats.slice(0, count);
    for (const seat of wanted) seat.open();
    return wanted.map((seat) => seat.whenReady());
  }

  private async closeFrom(count: number, withinMs: number): Promise<void> {
    this.target = Math.min(this.target, count);
    await Promise.all(this.seats.slice(count).map((seat) => seat.close(withinMs)));
    if (count === 0) this.watch.stop();
  }

  private newSeat(owner: number): ThreadSeat {
    const { settings, buffer, clock, listener, types } = this.parts;
    return new ThreadSeat({
      owner,
      clock,
      cells: buffer.cells(owner),
      module: settings.threads.module ?? '',
      restartDelayMs: settings.workerRestartDelay,
      spawn: (number) => this.spawn(number),
      types,
      bus: listener,
      pool: {
        changed: () => this.recount(),
        behind: () => this.bell.ringForEach(),
        ended: (number, end, restartsInMs) => this.ended(number, end, restartsInMs),
      },
    });
  }

  private spawn(owner: number): ThreadWorker {
    const { settings, bus, startThread } = this.parts;
    const start = threadStart({ owner, buffer: this.parts.buffer.handle, bus, settings });
    return startThread?.(start) ?? startNodeThread(start, settings);
  }

  /** Somebody became ready, drains, or is gone. */
  private recount(): void {
    const before = this.ready.length;
    this.ready = this.seats.filter(({ state }) => state === 'ready');
    this.booted = this.seats.filter(({ state }) => state === 'ready' || state === 'draining');
    this.parts.buffer.quarantine = this.ready[0]?.owner ?? NOBODY;
    // A ring may have been spent on one that is gone, and suspects wait for whoever keeps them now.
    this.ring();
    if (this.ready.length !== before) this.parts.listener.liveChanged(this.ready.length);
  }

  private ended(owner: number, end: LifeEnd, restartsInMs: number | null): void {
    if (!this.hasStarted) return;
    if (restartsInMs !== null) {
      this.deaths += 1;
      const why = end.bootError === undefined ? end.text : `could not boot: ${end.bootError.message}`;
      this.logger.error(`Worker thread ${owner} ${why}. It starts again in ${restartsInMs} ms.`);
    } else if (end.atDeadline) {
      this.logger.warn(`Worker thread ${owner} ${end.text}. What it ran is given on.`);
    }
  }

  private stalled(): void {
    this.stalls += 1;
    this.logger.error(
      'Events were ready and a worker thread idle, yet none was claimed for a second: all threads are woken. Please report it.',
    );
    this.bell.ringAll();
  }
}
