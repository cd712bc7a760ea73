import { randomBytes } from 'node:crypto';
import { HostCode } from '../../kernel/host/host-code.js';
import { SystemClock } from '../../kernel/time/clock.js';
import type { Clock, ClockTimer } from '../../kernel/time/clock.js';
import { settlesWithin } from '../../kernel/time/settles-within.js';
import { LANES } from '../buffer/buffer-words.js';
import type { EventBusSettings } from '../configuration/event-bus-settings.js';
import { EventRunner } from '../consume/event-runner.js';
import { eventId } from '../consume/handler-context.js';
import { LazySignal } from '../consume/lazy-signal.js';
import { EventTimeoutError } from '../events/errors.js';
import type { EventBusClosedError } from '../events/errors.js';
import { checkEventOptions, checkEventType, checkPredicate } from '../events/event-kinds.js';
import type { EventDeadLetter, EventOptions, HandlerPlace, IEventHandler } from '../events/event-words.js';
import { BusTime } from '../judge/bus-time.js';
import { checkThreadCount } from '../threads/pool/thread-count.js';
import { AppHandlers } from './app-handlers.js';
import type { ModuleHere } from './app-handlers.js';
import type { BusPhase, BusReadings } from './bus-readings.js';
import { DirectCounts } from './direct-counts.js';
import { CarriedContext } from './emitting/carried-context.js';
import { notStarted, shuttingDown } from './emitting/emits.js';
import { payloadJson } from './emitting/payload-json.js';
import type { PayloadJson } from './emitting/payload-json.js';
import { UnhandledTypes } from './emitting/unhandled-types.js';
import { drained } from './ending/drained.js';
import { EventBus } from './event-bus.js';
import type { EventDeadLetterFilter } from './event-bus.js';
import type { KnownType } from './event-types.js';
import { emptyReadings } from './main-readings.js';

/** How long a module that was booted here may take for its shutdown hooks, milliseconds. */
const CLOSE_MS = 1_000;

/** What a bus that is switched off is made of. */
export interface DirectBusParts {
  readonly settings: EventBusSettings;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** As `MainBusParts` says. */
  readonly bootModuleHere: (() => Promise<ModuleHere>) | null;
}

/**
 * The bus when it is switched off (`enabled: false`): an emit runs the handlers of its type before it resolves, once, and rejects
 * with what they threw. No threads, no buffer, no retries: events as they are without this package.
 */
export class DirectBus extends EventBus {
  private phase: BusPhase = 'new';
  private starting: Promise<void> | null = null;
  private stopping: Promise<void> | null = null;
  private running = 0;
  private sequence = 0;
  private readonly bus = randomBytes(6).toString('hex');
  private readonly clock: Clock;
  private readonly app: AppHandlers;
  private readonly context: CarriedContext;
  private readonly unhandled: UnhandledTypes;
  private readonly runner: EventRunner;
  private readonly counts = new DirectCounts();
  private readonly time = new BusTime();
  private readonly hostCode = new HostCode();

  constructor(private readonly parts: DirectBusParts) {
    super();
    this.clock = parts.clock ?? new SystemClock();
    this.app = new AppHandlers(parts.bootModuleHere);
    const { types, handlers } = this.app;
    this.context = new CarriedContext(parts.settings, this.clock);
    this.unhandled = new UnhandledTypes(() => types.names);
    this.runner = new EventRunner(this.bus, (type) => types.at(type)?.name, handlers);
  }

  async emit(type: string, payload: unknown, options?: EventOptions): Promise<string> {
    if (this.phase !== 'running') throw this.closed();
    const known = this.app.types.of(type);
    if (known === undefined) checkEventType('emitEvent()', type);
    checkEventOptions('emitEvent()', options);
    const text = payloadJson(type, payload, this.parts.settings.maxEventSize);
    const sequence = ++this.sequence;
    if (known === undefined) this.unhandled.add(type);
    else await this.run(known, text, sequence, options);
    return eventId(this.bus, sequence);
  }

  async emitHandled(type: string, payload: unknown, options?: EventOptions): Promise<void> {
    if (this.phase === 'running') this.app.assertHandled(type);
    await this.emit(type, payload, options);
  }

  register(type: string, handler: IEventHandler, place: HandlerPlace | null = null): void {
    this.app.add(type, handler, place);
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

  /** There are no threads to scale: nothing is done. @throws TypeError for anything but a whole number from 0 to 63 */
  async scale(count: number): Promise<void> {
    checkThreadCount(count);
  }

  deadLetters(): readonly EventDeadLetter[] {
    return [];
  }

  async replayDeadLetters(filter?: EventDeadLetterFilter): Promise<number> {
    checkPredicate('replayDeadLetters()', filter);
    return 0;
  }

  async discardDeadLetters(filter?: EventDeadLetterFilter): Promise<number> {
    checkPredicate('discardDeadLetters()', filter);
    return 0;
  }

  readings(): BusReadings {
    const { phase, running, unhandled, counts, time } = this;
    return {
      ...emptyReadings(phase, this.parts.settings),
      emitted: counts.emitted.reduce((sum, count) => sum + count, 0),
      emittedInLanes: [...counts.emitted],
      busyMs: time.totalMs,
      unhandled: unhandled.count,
      threads: { wanted: 0, live: 0, restarts: 0, deaths: 0, stalls: 0 },
      consumers: [counts.reading(running)],
    };
  }

  private async run(
    known: KnownType,
    { json, bytes }: PayloadJson,
    sequence: number,
    options: EventOptions | undefined,
  ): Promise<void> {
    const lane = LANES.indexOf(options?.priority ?? 'normal');
    const event = {
      type: known.number,
      lane,
      sequence,
      emittedAt: this.clock.now(),
      correlationId: options?.correlationId ?? this.context.correlationId(),
      carried: this.context.carried(),
      json,
      bytes,
      slot: 0,
      generation: 0,
      attempts: 0,
      crashes: 0,
    };
    const signal = new LazySignal((error) =>
      this.hostCode.failed("a listener of an event's signal", undefined, error),
    );
    const started = performance.now();
    let isDone = false;
    this.running += 1;
    this.counts.begun(lane);
    try {
      await this.within(
        signal,
        this.timed(() => this.runner.run(event, signal)),
      );
      isDone = true;
    } finally {
      this.running -= 1;
      this.counts.ended(isDone, performance.now() - started);
    }
  }

  /** The caller waits no longer than `handlerTimeoutMs`, whatever the handler does. */
  private async within(signal: LazySignal, answer: unknown): Promise<void> {
    const { handlerTimeoutMs } = this.parts.settings.threads;
    let timer: ClockTimer | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = this.clock.setTimer(() => {
        const error = new EventTimeoutError(
          `A handler took longer than threads.handlerTimeoutMs (${handlerTimeoutMs} ms).`,
        );
        signal.abort(error);
        reject(error);
      }, handlerTimeoutMs);
    });
    try {
      await Promise.race([answer, late]);
    } finally {
      timer?.cancel();
    }
  }

  private timed<T>(work: () => T): T {
    this.time.enter();
    try {
      return work();
    } finally {
      this.time.leave();
    }
  }

  private async start(): Promise<void> {
    this.phase = 'starting';
    try {
      await this.app.bring();
    } catch (error) {
      this.phase = 'stopped';
      throw error;
    }
    if (this.stopping === null) this.phase = 'running';
  }

  private async stop(): Promise<void> {
    this.phase = 'stopping';
    const { gracefulShutdownTimeout } = this.parts.settings;
    if (this.starting !== null) await settlesWithin(this.starting, gracefulShutdownTimeout);
    await drained(this.clock, () => this.running === 0, gracefulShutdownTimeout);
    await settlesWithin(this.app.close(), CLOSE_MS);
    this.phase = 'stopped';
  }

  private closed(): EventBusClosedError {
    return this.phase === 'new' || this.phase === 'starting' ? notStarted() : shuttingDown();
  }
}
