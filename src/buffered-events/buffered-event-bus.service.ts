import type { EventDeadLetterFilter, EventBus } from './bus/event-bus.js';
import { checkEventHandler, checkEventType, checkIEvent } from './events/event-kinds.js';
import type { EventPayload, EventType, HandledEvent } from './events/event-map.js';
import type { EventContext, EventDeadLetter, EventOptions, IEvent } from './events/event-words.js';
import type { BusJudge } from './judge/bus-judge.js';
import type { EventSystemMetrics, HealthCheckResult, WorkerStatistics } from './judge/judge-words.js';

/** What handles the events of a type: an `IEventHandler` that takes what the type was declared with. */
export interface EventHandlerOf<T extends string> {
  handle(event: HandledEvent<T>, context: EventContext): unknown;
}

/**
 * The bus of events: stores them in memory that threads share, and has them handled there. Inject it anywhere in the app, and in what worker
 * threads boot, where it asks the app's.
 *
 * An event that was stored is handled, waits, or is a dead letter, as long as the process lives. It may be handled more than once, so handlers
 * are idempotent. What must survive the process belongs in a queue.
 */
export class BufferedEventBusService {
  /** @param judge null in a worker thread, which has nothing to judge */
  constructor(
    private readonly bus: EventBus,
    private readonly judge: BusJudge | null,
  ) {}

  /**
   * Stores an event. Resolves once it is stored, not when it is handled; with `enabled: false`, when its handlers have run.
   * @param payload what JSON can say, at most `maxEventSize` bytes of it. The JSON is made before this returns; dates become strings.
   * @returns the event's id
   * @throws (rejects) TypeError for a wrong type or option; EventNotSerializableError, EventTooLargeError, EventBufferFullError when the buffer
   * stayed full for `whenFull.waitMs`, EventBusClosedError before the start and at shutdown. Nothing was stored then. With
   * `enabled: false` what a handler threw, or EventTimeoutError
   */
  emitEvent<T extends EventType>(type: T, payload: EventPayload<T>, options?: EventOptions): Promise<string> {
    return this.bus.emit(type, payload, options);
  }

  /**
   * Stores an event that is an object of a class: its `type`, its `payload`, its `correlationId`, with priority `normal`.
   * @returns as {@link emitEvent} @throws (rejects) as {@link emitEvent}
   */
  async emit<T extends EventType>(event: IEvent<T, EventPayload<T>>): Promise<string> {
    checkIEvent('emit()', event);
    const { type, correlationId } = event;
    const payload: unknown = event.payload;
    return this.bus.emit(type, payload, correlationId === undefined ? undefined : { correlationId });
  }

  /**
   * Registers a handler by hand. It runs in the thread it was registered in: in the app's, where no worker thread handles the type, and else
   * only while none lives; in a worker thread it must be registered before the thread has booted.
   *
   * Handlers of one type run one after the other, in order of registration; the first that throws fails the event, and all run again.
   * @throws TypeError for what is no type or no handler; EventHandlerRegistrationError in a worker thread that has booted
   */
  registerHandler<T extends EventType>(eventType: T, handler: EventHandlerOf<T>): void {
    checkEventType('registerHandler()', eventType);
    checkEventHandler('registerHandler()', handler);
    this.bus.register(eventType, handler);
  }

  /** What the bus did and has; costs threads nothing. @throws EventThreadCallError in a worker thread */
  getMetrics(): EventSystemMetrics {
    return this.judged().metrics();
  }

  /** How the bus is, and why. @throws (rejects) EventThreadCallError in a worker thread */
  async getHealthStatus(): Promise<HealthCheckResult> {
    return this.judged().health();
  }

  /** What worker threads do. @throws EventThreadCallError in a worker thread */
  getWorkerStatistics(): WorkerStatistics {
    return this.judged().workers();
  }

  /**
   * Starts further worker threads, or ends some: those finish what they run, for `gracefulShutdownTimeout` at most, and what they did not finish
   * is handled by others. Resolves when all are ready, or gone; calls follow one another.
   * @param count how many there are to be, 0 to 63. With 0 the app's thread handles all events
   * @throws (rejects) TypeError for another count; EventThreadStartError, EventBusClosedError, EventThreadCallError
   */
  scaleWorkers(count: number): Promise<void> {
    return this.bus.scale(count);
  }

  /** Events that failed for good, newest last, `deadLetters.max` at most. @throws EventThreadCallError in a worker thread */
  getDeadLetterQueue(): readonly EventDeadLetter[] {
    return this.bus.deadLetters();
  }

  /**
   * Gives dead letters another chance, with no attempts counted.
   * @param which those of which it returns true; default all
   * @returns how many were stored anew; those that found no room stay dead letters
   * @throws (rejects) what `which` throws, and nothing is changed then; EventBusClosedError, EventThreadCallError
   */
  replayDeadLetters(which?: EventDeadLetterFilter): Promise<number> {
    return this.bus.replayDeadLetters(which);
  }

  /** Throws dead letters away. @param which those of which it returns true; default all @returns how many */
  discardDeadLetters(which?: EventDeadLetterFilter): Promise<number> {
    return this.bus.discardDeadLetters(which);
  }

  /**
   * Starts the bus and waits until its threads are ready. The module does it when the app starts; a second call is the same promise.
   * @throws (rejects) EventThreadStartError with the error of the thread, EventHandlerRegistrationError, InvalidConfigurationError; no thread is
   * left then
   */
  async initialize(): Promise<void> {
    await this.bus.initialize();
    this.judge?.start();
  }

  /**
   * Stops the bus: emits are refused, what is stored is handled, for `gracefulShutdownTimeout` at most. What is left goes to `onLeftover`. The
   * module does it when the app is closed; a second call is the same promise. Never rejects.
   */
  async shutdown(): Promise<void> {
    await this.bus.shutdown();
    await this.judge?.stop();
  }

  private judged(): BusJudge {
    if (this.judge !== null) return this.judge;
    // Says why: a thread does not know.
    this.bus.readings();
    throw new TypeError('There is nobody to judge this bus.');
  }
}
