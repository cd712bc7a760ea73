import type { Clock, ClockTimer } from '../../../kernel/time/clock.js';
import { EventBusClosedError } from '../../events/errors.js';
import { logFromThread } from '../thread-log.js';
import type { FromThread, HandledType, ToThread } from '../thread-messages.js';
import type { EmitCall, PoolCells, PoolListener, ThreadWorker } from './pool-words.js';
import { RestartDelay } from './restart-delay.js';
import { ThreadLife } from './thread-life.js';
import type { LifeEnd, LifeState } from './thread-life.js';
import type { EndCause } from './thread-ends.js';

/** Where a seat stands: nobody is to sit there, its thread died and the next one starts later, or where its thread stands. */
export type SeatState = 'empty' | 'resting' | Exclude<LifeState, 'gone'>;

/** Who is told of a seat, beside the bus. */
export interface SeatListener {
  /** Its thread can claim, or no longer can. */
  changed(): void;
  /** More waits than its thread takes up soon, and nobody was rung for it. */
  behind(): void;
  /** Its thread is gone. @param restartsInMs null: no other follows */
  ended(owner: number, end: LifeEnd, restartsInMs: number | null): void;
}

/** What a seat is made of. */
export interface SeatParts {
  readonly owner: number;
  readonly clock: Clock;
  readonly cells: PoolCells;
  readonly module: string;
  readonly restartDelayMs: number;
  readonly spawn: (owner: number) => ThreadWorker;
  readonly types: () => readonly string[];
  readonly bus: PoolListener;
  readonly pool: SeatListener;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** One number of a thread, and the threads that have it one after the other. */
export class ThreadSeat {
  /** How often a thread was started in place of one that died. */
  restarts = 0;
  private life: ThreadLife | null = null;
  private rest: { readonly timer: ClockTimer; readonly until: number } | null = null;
  private isOpen = false;
  private waiters: Waiter[] = [];
  private readonly delay: RestartDelay;
  private readonly clock: Clock;

  constructor(private readonly parts: SeatParts) {
    this.delay = new RestartDelay(parts.restartDelayMs);
    this.clock = parts.clock.steady();
  }

  get owner(): number {
    return this.parts.owner;
  }

  get cells(): PoolCells {
    return this.parts.cells;
  }

  get state(): SeatState {
    if (this.rest !== null) return 'resting';
    return this.life === null || this.life.state === 'gone' ? 'empty' : this.life.state;
  }

  /** From now on there is to be a thread. */
  open(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.begin();
  }

  /**
   * @returns resolves when its thread is ready; rejects when it could not boot, though it will be tried again, or is closed meanwhile.
   * The process waits for it.
   */
  whenReady(): Promise<void> {
    if (this.state === 'ready') return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject });
      this.life?.hold(true);
      // A timer that nobody waits for does not hold the process; now somebody does.
      if (this.rest !== null) this.restUntil(this.rest.until);
    });
  }

  /** There is to be no thread any more. @param withinMs what it may take to finish @returns resolves when it is gone */
  async close(withinMs: number): Promise<void> {
    this.isOpen = false;
    this.rest?.timer.cancel();
    this.rest = null;
    this.fail(new EventBusClosedError(`Worker thread ${this.owner} was told to end before it was ready.`));
    if (this.life === null) return;
    this.cells.draining = true;
    this.life.hold(true);
    this.life.drain(withinMs);
    this.parts.pool.changed();
    await this.life.gone;
  }

  tell(message: ToThread): void {
    this.life?.tell(message);
  }

  /** Terminates its thread; another takes its place. */
  end(cause: EndCause): void {
    this.life?.end(cause);
    this.parts.pool.changed();
  }

  private begin(): void {
    const { clock, module, cells, owner } = this.parts;
    cells.reset();
    this.life = new ThreadLife({
      clock,
      module,
      spawn: () => this.parts.spawn(owner),
      listener: {
        ready: (handles) => this.ready(handles),
        message: (message) => this.heard(message),
        gone: (end) => this.gone(end),
      },
    });
    this.life.hold(this.waiters.length > 0);
  }

  private ready(handles: readonly HandledType[]): void {
    this.parts.bus.ready(this.owner, handles);
    this.life?.hold(false);
    this.tell({ kind: 'types', types: this.parts.types() });
    for (const { resolve } of this.waiters.splice(0)) resolve();
    this.parts.pool.changed();
  }

  private heard(message: Exclude<FromThread, { kind: 'ready' | 'boot-failed' }>): void {
    const { bus, pool } = this.parts;
    if (message.kind === 'emit') void this.emit(message);
    else if (message.kind === 'room') bus.room();
    else if (message.kind === 'behind') pool.behind();
    else if (message.kind === 'log') logFromThread(this.owner, message);
    else bus.failed(this.owner, { slot: message.slot, generation: message.generation }, message.error);
  }

  private async emit(call: EmitCall): Promise<void> {
    const { life } = this;
    const answer = await this.parts.bus.emit(this.owner, call);
    // To the thread that asked: another one that has its number by now would take it for an answer of its own.
    life?.tell({ kind: 'emitted', call: call.call, ...answer });
  }

  private gone(end: LifeEnd): void {
    const { bus, pool, cells } = this.parts;
    this.life = null;
    // One that ended as it was told holds nothing; one that was not given the time for it is not to blame for what it held.
    const endedAsTold = !this.isOpen && end.exitCode === 0 && cells.running === 0;
    const death = { alone: cells.alone >= 0, planned: end.atDeadline || endedAsTold };
    bus.died(this.owner, death);
    cells.reset();
    const restartsInMs = this.isOpen ? this.delay.after(end.livedMs) : null;
    if (restartsInMs !== null) this.restUntil(this.clock.now() + restartsInMs);
    pool.ended(this.owner, end, restartsInMs);
    pool.changed();
    if (end.bootError !== undefined) this.fail(end.bootError);
  }

  private restUntil(until: number): void {
    this.rest?.timer.cancel();
    const timer = this.parts.clock.setTimer(
      () => {
        this.rest = null;
        this.restarts += 1;
        this.begin();
      },
      Math.max(0, until - this.clock.now()),
      { keepAlive: this.waiters.length > 0 },
    );
    this.rest = { timer, until };
  }

  private fail(error: Error): void {
    for (const { reject } of this.waiters.splice(0)) reject(error);
  }
}
