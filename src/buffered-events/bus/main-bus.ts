import { randomBytes } from 'node:crypto';
import type { Clock } from '../../kernel/time/clock.js';
import { SystemClock } from '../../kernel/time/clock.js';
import { settlesWithin } from '../../kernel/time/settles-within.js';
import { sequenceOf } from '../consume/handler-context.js';
import { EventBusClosedError } from '../events/errors.js';
import { checkPredicate } from '../events/event-kinds.js';
import type { EventDeadLetter, EventOptions, HandlerPlace, IEventHandler } from '../events/event-words.js';
import { AppHandlers } from './app-handlers.js';
import type { ModuleHere } from './app-handlers.js';
import type { BusPhase, BusReadings } from './bus-readings.js';
import { drained } from './ending/drained.js';
import { notStarted, shuttingDown } from './emitting/emits.js';
import { EventBus } from './event-bus.js';
import type { EventDeadLetterFilter } from './event-bus.js';
import { Leftovers } from './ending/leftovers.js';
import { MainCore } from './main-core.js';
import type { CoreParts } from './main-core.js';
import { emptyReadings, readingsOf } from './main-readings.js';

/** How long threads, and a module that was booted here, may take for their shutdown hooks, milliseconds. */
const CLOSE_MS = 1_000;

/** What a bus in the app's thread is made of. */
export interface MainBusParts extends Partial<Pick<CoreParts, 'random' | 'startThread' | 'appReady'>> {
  readonly settings: CoreParts['settings'];
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Boots the module of the threads in the app's thread, for when none lives; null: its providers are in the app anyway, or there is none. */
  readonly bootModuleHere: (() => Promise<ModuleHere>) | null;
}

/** The bus in the app's thread: the only one that stores events, and the one who decides what becomes of them. */
export class MainBus extends EventBus {
  private phase: BusPhase = 'new';
  private core: MainCore | null = null;
  private starting: Promise<void> | null = null;
  private stopping: Promise<void> | null = null;
  private readonly app: AppHandlers;
  private readonly clock: Clock;
  private readonly bus = randomBytes(6).toString('hex');

  constructor(private readonly parts: MainBusParts) {
    super();
    this.clock = parts.clock ?? new SystemClock();
    this.app = new AppHandlers(parts.bootModuleHere);
  }

  emit(type: string, payload: unknown, options?: EventOptions): Promise<string> {
    const { core } = this;
    if (core === null || this.phase !== 'running') return Promise.reject(this.closed());
    core.time.enter();
    try {
      return core.emits.emit(type, payload, options);
    } catch (error) {
      return refusedWith(error);
    } finally {
      core.time.leave();
    }
  }

  async emitHandled(type: string, payload: unknown, options?: EventOptions): Promise<void> {
    const { core } = this;
    if (core === null || this.phase !== 'running') throw this.closed();
    this.app.assertHandled(type);
    const id = await this.emit(type, payload, options);
    await core.awaited.wait(sequenceOf(id));
  }

  register(type: string, handler: IEventHandler, place: HandlerPlace | null = null): void {
    if (this.app.add(type, handler, place)) this.core?.pool.typesChanged();
  }

  initialize(): Promise<void> {
    if (this.stopping !== null) return Promise.reject(this.closed());
    this.starting ??= this.start();
    return this.starting;
  }

  shutdown(): Promise<void> {
    this.stopping ??= this.stop();
    return this.stopping;
  }

  async scale(count: number): Promise<void> {
    const { core } = this;
    if (core === null || this.phase !== 'running') throw this.closed();
    const scaled = core.pool.scale(count);
    // Where none lived, and none are wanted now, no thread came or went; yet it decides who does their work.
    void scaled.then(
      () => core.standIn.look(),
      () => core.standIn.look(),
    );
    await scaled;
  }

  deadLetters(): readonly EventDeadLetter[] {
    return this.core?.letters.list() ?? [];
  }

  async replayDeadLetters(filter?: EventDeadLetterFilter): Promise<number> {
    checkPredicate('replayDeadLetters()', filter);
    const { core } = this;
    if (core === null || this.phase !== 'running') throw this.closed();
    return core.replay(filter ?? (() => true));
  }

  async discardDeadLetters(filter?: EventDeadLetterFilter): Promise<number> {
    checkPredicate('discardDeadLetters()', filter);
    return this.core?.letters.discard(filter ?? (() => true)) ?? 0;
  }

  readings(): BusReadings {
    return this.core === null
      ? emptyReadings(this.phase, this.parts.settings)
      : readingsOf(this.core, this.phase, this.parts.settings);
  }

  private async start(): Promise<void> {
    this.phase = 'starting';
    const { settings, startThread, appReady, random = Math.random } = this.parts;
    const { clock, app, bus } = this;
    try {
      const time = { clock, now: preciseNow(clock) };
      const core = new MainCore({ settings, ...time, random, bus, app, startThread, appReady });
      this.core = core;
      await core.start();
    } catch (error) {
      if (this.stopping === null) {
        this.phase = 'stopped';
        // Where threads booted and the handlers of the app did not.
        await this.core?.pool.stop(0);
      } else if (error instanceof EventBusClosedError) {
        // Told to stop while it started: that takes over from here.
        return;
      }
      throw error;
    }
    if (this.stopping === null) this.phase = 'running';
  }

  private async stop(): Promise<void> {
    const { core, starting, phase } = this;
    this.phase = 'stopping';
    core?.closeEmits();
    // What boots has nothing to finish, and whatever its boot waits for may never come.
    if (phase === 'starting') await core?.pool.stop(CLOSE_MS);
    if (starting !== null) await settlesWithin(starting, this.parts.settings.gracefulShutdownTimeout);
    if (core !== null) await this.end(core);
    this.phase = 'stopped';
  }

  private async end(core: MainCore): Promise<void> {
    const { gracefulShutdownTimeout, onLeftover } = this.parts.settings;
    core.closeEmits();
    const isEmpty = (): boolean => core.buffer.size === core.settlement.leftAlone;
    const isDrained = await drained(this.clock, isEmpty, gracefulShutdownTimeout);
    core.standIn.close();
    core.settlement.stop();
    const stopped = core.consumer.stop(this.closed());
    await core.pool.stop(isDrained ? CLOSE_MS : 0);
    if (isDrained) await settlesWithin(stopped, CLOSE_MS);
    const leftovers = core.takeLeftovers();
    await new Leftovers(onLeftover, this.clock).hand(leftovers);
    await settlesWithin(this.app.close(), CLOSE_MS);
  }

  private closed(): EventBusClosedError {
    return this.phase === 'new' || this.phase === 'starting' ? notStarted() : shuttingDown();
  }
}

/** When events are emitted, to the microsecond; by a clock of a test, as that shows. */
function preciseNow(clock: Clock): () => number {
  if (!(clock instanceof SystemClock)) return () => clock.now();
  const { timeOrigin } = performance;
  return () => timeOrigin + performance.now();
}

async function refusedWith(error: unknown): Promise<never> {
  throw error;
}
