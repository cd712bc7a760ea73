import type { EventDeadLetter, EventOptions, HandlerPlace, IEventHandler } from '../events/event-words.js';
import type { BusReadings } from './bus-readings.js';

/** A dead letter of which it returns true is meant; what it throws rejects the call, and nothing was changed. */
export type EventDeadLetterFilter = (letter: EventDeadLetter) => boolean;

/**
 * The bus as everything around it sees it: in the app's thread, in a worker thread, or switched off (`enabled: false`).
 * Type and injection token in one.
 */
export abstract class EventBus {
  /**
   * Resolves with the event's id once it is stored, not when it is handled.
   * @param payload what JSON can say; the JSON is made before this returns, so later changes of the object are not carried
   * @throws nothing itself; rejects with TypeError for a wrong type or option, EventNotSerializableError,
   * EventTooLargeError, EventBufferFullError, EventBusClosedError
   */
  abstract emit(type: string, payload: unknown, options?: EventOptions): Promise<string>;

  /**
   * Stores an event and resolves when it was handled; for whoever keeps it elsewhere until then. The caller alone is told how it ended: it does
   * not become a dead letter here, and is not among the leftovers.
   * @throws (rejects) as {@link emit}; what its handlers failed with for good; EventHandlerRegistrationError where nobody handles the type;
   * EventBusClosedError when the bus stops before
   */
  abstract emitHandled(type: string, payload: unknown, options?: EventOptions): Promise<void>;

  /**
   * Handlers of one type run one after the other, in order of registration.
   * @param place what its decorator said; null (default): it was registered by hand, runs in this thread where no worker
   * thread handles the type, and takes over when none lives
   * @throws TypeError for what is no type or no handler; EventHandlerRegistrationError where places of a type contradict
   */
  abstract register(type: string, handler: IEventHandler, place?: HandlerPlace | null): void;

  /** Starts; a second call is the same promise. @throws EventThreadStartError, InvalidConfigurationError, EventHandlerRegistrationError */
  abstract initialize(): Promise<void>;

  /** Emits are refused, what is stored is handled, within `gracefulShutdownTimeout`. A second call is the same promise; never rejects. */
  abstract shutdown(): Promise<void>;

  /** @param count of worker threads from now on, 0 to 63; resolves when they all are ready, or gone */
  abstract scale(count: number): Promise<void>;

  /** Newest last. */
  abstract deadLetters(): readonly EventDeadLetter[];

  /** @returns how many were put back, with no attempts counted; those that find no room stay dead letters */
  abstract replayDeadLetters(filter?: EventDeadLetterFilter): Promise<number>;

  /** @returns how many were thrown away */
  abstract discardDeadLetters(filter?: EventDeadLetterFilter): Promise<number>;

  /** What it counts and what it is like at this moment; cheap, and makes nobody wait. */
  abstract readings(): BusReadings;
}
