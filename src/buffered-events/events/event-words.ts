/** How soon an event is started beside others: lanes with weights, so none starves. */
export type EventPriority = 'critical' | 'normal' | 'low';

/** Where a type's handlers run: on worker threads, or in the thread of the app. */
export type HandlerPlace = 'threads' | 'main';

/**
 * The payload of each event type, for a host to declare. Once it has an entry, only declared types compile:
 *
 * ```ts
 * declare module 'nestjs-message-queue/buffered-events' {
 *   interface EventMap { 'user.registered': { userId: string; email: string } }
 * }
 * ```
 */
// An interface, so that a host's declarations merge with it.
export interface EventMap {}

/** Types that may be emitted and handled: those of {@link EventMap}, any when it is empty. */
export type EventType = keyof EventMap extends never ? string : keyof EventMap & string;

/** The payload that a type was declared with; `any` where none was. */
// Without a declaration nothing is known of it, and handlers say what they take.
export type EventPayload<T extends string> = T extends keyof EventMap ? EventMap[T] : any;

/** An event as a class of the host's: `bus.emit(new UserRegisteredEvent(…))`. */
export interface IEvent<T extends string = string, P = unknown> {
  readonly type: T;
  /** What is carried, as JSON. */
  readonly payload: P;
  readonly timestamp?: number;
  readonly correlationId?: string;
}

/** An event as a handler gets it: `event.email` and `event.payload.email` both work. Dates are strings: it was JSON. */
export type BufferedEvent<T extends string = string, P = unknown> = Readonly<
  P extends object ? P : unknown
> & {
  readonly type: T;
  readonly payload: P;
  readonly correlationId: string;
};

/** How one event is emitted. */
export interface EventOptions {
  /** Default `normal`. */
  readonly priority?: EventPriority;
  /** Default: that of the event being handled, else `config.correlationId()`, else the event's id. 1 to 255 characters. */
  readonly correlationId?: string;
}

/** What a handler knows of the run beside the event. */
export interface EventContext {
  readonly id: string;
  readonly type: string;
  readonly priority: EventPriority;
  /** 1 for the first run. */
  readonly attempt: number;
  readonly correlationId: string;
  /** Milliseconds since the epoch. */
  readonly emittedAt: number;
  /** What `config.carry()` returned when the event was emitted, as JSON; undefined without it. */
  readonly carried: unknown;
  /** Aborts when the run has taken longer than `threads.handlerTimeoutMs`, or its thread is told to stop. */
  readonly signal: AbortSignal;
}

/** A handler that is registered by hand. It runs where it was registered. */
export interface IEventHandler<E = any> {
  handle(event: E, context: EventContext): unknown;
}

/** An error as it crosses threads, and as it is kept. */
export interface ErrorRecord {
  readonly name: string;
  /** At most 1 kB. */
  readonly message: string;
  /** At most 4 kB. */
  readonly stack?: string;
  readonly code?: string | number;
  /** One level deep. */
  readonly cause?: ErrorRecord;
}

/** An event that nobody finished, as dead letters and leftovers show it. */
export interface KeptEvent {
  readonly type: string;
  readonly payload: any;
  readonly priority: EventPriority;
  readonly correlationId: string;
  /** Milliseconds since the epoch. */
  readonly emittedAt: number;
}

/** An event that failed for good. */
export interface EventDeadLetter {
  readonly id: string;
  readonly event: KeptEvent;
  /** Runs that failed. */
  readonly attempts: number;
  /** Deaths of a thread that ran nothing but it. */
  readonly crashes: number;
  readonly lastError: ErrorRecord;
  /** When it was given up, milliseconds since the epoch. */
  readonly timestamp: number;
}

/** An event that was not handled when the bus stopped. */
export interface LeftoverEvent extends KeptEvent {
  readonly id: string;
  readonly attempts: number;
}
