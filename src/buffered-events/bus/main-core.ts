import type { Clock } from '../../kernel/time/clock.js';
import { MAIN_OWNER } from '../buffer/buffer-words.js';
import { EventBuffer } from '../buffer/event-buffer.js';
import type { EventBusSettings } from '../configuration/event-bus-settings.js';
import { errorFrom } from '../consume/error-record.js';
import { EventRunner } from '../consume/event-runner.js';
import { refusalRecordOf } from '../consume/refusal-record.js';
import type { HandlerPlace, LeftoverEvent } from '../events/event-words.js';
import { BusTime } from '../judge/bus-time.js';
import { DeadLetters } from '../settle/dead-letters.js';
import type { LetterFilter } from '../settle/dead-letters.js';
import { Settlement } from '../settle/settlement.js';
import { ThreadPool } from '../threads/pool/thread-pool.js';
import type { EmitAnswer, EmitCall, PoolListener } from '../threads/pool/pool-words.js';
import { AwaitedEvents } from './awaited-events.js';
import { AppConsumer } from './standing-in/app-consumer.js';
import type { AppHandlers } from './app-handlers.js';
import { CarriedContext } from './emitting/carried-context.js';
import { Emits, notStarted, shuttingDown } from './emitting/emits.js';
import { ProcessHold } from './process-hold.js';
import { StandIn } from './standing-in/stand-in.js';
import { StoredEvents } from './stored-events.js';
import { UnhandledTypes } from './emitting/unhandled-types.js';

/** What the parts of a bus are made of. */
export interface CoreParts {
  readonly settings: EventBusSettings;
  readonly clock: Clock;
  /** Milliseconds since the epoch, with fractions. */
  readonly now: () => number;
  /** From 0 to 1, as `Math.random`. */
  readonly random: () => number;
  /** First half of every event's id. */
  readonly bus: string;
  readonly app: AppHandlers;
  readonly startThread?: ConstructorParameters<typeof ThreadPool>[0]['startThread'];
  /** Settles when what handlers need in the app is there: none runs here before. Left out: it is. */
  readonly appReady?: Promise<void>;
}

/** The parts of a bus in the app's thread, and what they tell each other. */
export class MainCore implements PoolListener {
  readonly time: BusTime;
  readonly buffer: EventBuffer;
  readonly letters: DeadLetters;
  readonly awaited: AwaitedEvents;
  readonly settlement: Settlement;
  readonly emits: Emits;
  readonly unhandled: UnhandledTypes;
  readonly pool: ThreadPool;
  readonly consumer: AppConsumer;
  readonly standIn: StandIn;
  private readonly hold: ProcessHold;
  private readonly events: StoredEvents;
  /** Who has ever consumed events: the app's thread, and the numbers of threads that were ready once. */
  readonly owners = new Set<number>([MAIN_OWNER]);
  private readonly booted = new Set<number>();
  private failedBoots = 0;
  private takesEmits = false;
  private isClosed = false;

  /** @throws InvalidConfigurationError when the memory is too small */
  constructor(private readonly parts: CoreParts) {
    const { settings, clock, app, bus, now } = parts;
    const { critical, normal, low } = settings.priorities;
    const { types } = app;
    this.time = new BusTime(now);
    this.buffer = EventBuffer.create({
      maxQueueSize: settings.maxQueueSize,
      maxMemoryMB: settings.maxMemoryMB,
      maxEventSize: settings.maxEventSize,
      weights: [critical, normal, low],
    });
    this.hold = new ProcessHold(clock, () => this.buffer.size > 0);
    this.events = new StoredEvents(bus, types);
    this.letters = new DeadLetters(settings.deadLetters.max);
    this.awaited = new AwaitedEvents(clock, () => this.buffer.sequences());
    this.settlement = this.newSettlement();
    this.unhandled = new UnhandledTypes(() => types.names);
    this.emits = new Emits({
      settings,
      clock,
      now: () => this.time.enteredAt,
      bus,
      types,
      store: this.buffer,
      context: new CarriedContext(settings, clock),
      unhandled: this.unhandled,
      isReady: (place) => this.isReady(place),
    });
    this.consumer = new AppConsumer({
      settings,
      buffer: this.buffer,
      runner: new EventRunner(bus, (type) => types.at(type)?.name, app.handlers),
      now,
      time: this.time,
      failed: (hold, error) => this.settlement.failed(hold, error),
      giveUp: (event) => this.settlement.giveUp(event),
      room: () => this.room(),
      appReady: parts.appReady,
    });
    this.pool = new ThreadPool({
      settings,
      buffer: this.buffer,
      bus,
      types: () => types.names,
      listener: this,
      clock,
      ...(parts.startThread && { startThread: parts.startThread }),
    });
    this.standIn = new StandIn({
      clock,
      fallbackToSync: settings.fallbackToSync,
      threads: () => ({ wanted: this.pool.wanted, live: this.pool.live, failedBoots: this.failedBoots }),
      bringHandlers: () => app.bring(),
      changed: (standsIn, runsSuspects) => this.consumer.standIn(standsIn, runsSuspects),
    });
  }

  /** Threads are up, or the app's thread does their work. @throws what kept the first thread from booting, or the handlers from being made here */
  async start(): Promise<void> {
    await this.pool.start();
    if (this.isClosed) return;
    await this.standIn.start();
    this.takesEmits = !this.isClosed;
  }

  /** Nothing comes in any more. */
  closeEmits(): void {
    this.takesEmits = false;
    this.isClosed = true;
    this.settlement.close();
    this.emits.close();
  }

  /** See `EventBus.replayDeadLetters`. */
  replay(filter: LetterFilter): number {
    return this.letters.replay(filter, (letter) => {
      const event = this.events.eventOf(letter, this.parts.now());
      return event !== undefined && this.emits.putBack(event);
    });
  }

  /** Takes everything out of the buffer: nobody claims anything any more. */
  takeLeftovers(): LeftoverEvent[] {
    this.hold.end();
    const stored = this.buffer.stored().map((slot) => {
      const event = this.buffer.read(slot);
      // What a handler of the app's thread still runs is nobody's business from here on.
      this.buffer.hold(event);
      this.buffer.free(slot);
      return event;
    });
    const leftovers = stored.filter(({ sequence }) => !this.awaited.has(sequence));
    this.awaited.close(shuttingDown());
    return leftovers.map((event) => this.events.leftoverOf(event));
  }

  // What the pool tells.

  ready(owner: number, handles: Parameters<PoolListener['ready']>[1]): void {
    const added = this.parts.app.types.addInThreads(handles);
    this.booted.add(owner);
    this.owners.add(owner);
    this.failedBoots = 0;
    if (added.length > 0) this.pool.typesChanged();
  }

  failed(_owner: number, ...[hold, error]: Parameters<Settlement['failed']>): void {
    this.timed(() => this.settlement.failed(hold, error));
  }

  room(): void {
    this.timed(() => this.emits.room());
  }

  async emit(_owner: number, call: EmitCall): Promise<EmitAnswer> {
    try {
      if (!this.takesEmits) throw this.isClosed ? shuttingDown() : notStarted();
      const { type, json, options, carried } = call;
      const id = await this.timed(() => this.emits.emitJson(type, json, options, carried));
      return { id };
    } catch (error) {
      return { error: refusalRecordOf(error) };
    }
  }

  died(owner: number, death: Parameters<PoolListener['died']>[1]): void {
    if (!this.booted.delete(owner) && !death.planned) this.failedBoots += 1;
    this.settlement.died(owner, death);
    // Of failed boots enough make a difference, though no thread came or went.
    this.standIn.look();
  }

  liveChanged(): void {
    this.standIn.look();
  }

  private newSettlement(): Settlement {
    const { settings, clock, random, app, now } = this.parts;
    return new Settlement({
      events: this.buffer,
      clock,
      retryAttempts: settings.retryAttempts,
      retryDelays: settings.retryDelays,
      maxCrashes: settings.maxCrashes,
      placeOf: (type) => app.types.at(type)?.place ?? 'threads',
      bury: (event, error) => {
        if (this.awaited.fail(event.sequence, () => errorFrom(error))) return;
        this.letters.add(this.events.letterOf(event, error, Math.floor(now())));
      },
      isReady: (place) => this.isReady(place),
      freed: () => this.emits.room(),
      random,
    });
  }

  private isReady(place: HandlerPlace): void {
    this.hold.begin();
    if (place === 'main') this.consumer.ring();
    else {
      this.pool.ring();
      if (this.standIn.isOn) this.consumer.ring();
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
}
