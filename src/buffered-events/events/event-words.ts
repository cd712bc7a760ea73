import type { Undeclared } from './event-map.js';

/** How soon an event is started beside others: lanes with weights, so none starves. */
export type EventPriority = 'critical' | 'normal' | 'low';

/** Where a type's handlers run: on worker threads, or in the thread of the app. */
export type HandlerPlace = 'threads' | 'main';

/** An event as a class of the host's: `bus.emit(new UserRegisteredEvent(…))`. */
export interface IEvent<T extends string = string, P = unknown> {
  readonly type: T;
  /** What is carried, as JSON. */
  readonly payload: P;
  readonly timestamp?: number;
  readonly correlationId?: string;
}

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
  /** Aborts when the run has taken longer than `threads.handlerTimeoutMs`, or has nearly used up the time that its thread, or the app, has to stop. */
  readonly signal: AbortSignal;
}

/** A handler that is registered by hand. It runs where it was registered. */
export interface IEventHandler<E = Undeclared> {
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
  readonly payload: Undeclared;
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
