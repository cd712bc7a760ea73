import type { EventPriority } from '../events/event-words.js';

/** Lanes of events for threads, by number; the fourth holds suspects of a thread's death, each of which runs alone. */
export const LANES = ['critical', 'normal', 'low'] as const satisfies readonly EventPriority[];
export const SUSPECTS = 3;

/** Threads are 1 to 63; the thread of the app is this one. */
export const MAIN_OWNER = 0;
export const MOST_THREADS = 63;

/** What a thread needs to see the same buffer: can be posted to it. */
export interface BufferHandle {
  readonly memory: SharedArrayBuffer;
  readonly slots: number;
  readonly blocks: number;
  readonly ringSize: number;
}

/** An event as the thread of the app writes it. */
export interface NewEvent {
  /** Number of its type in the bus's list of types. */
  readonly type: number;
  /** Number of its lane, 0 to 2. */
  readonly lane: number;
  /** Its number within the bus: the id's second half. A whole number below 2⁵³. */
  readonly sequence: number;
  /** Milliseconds since the epoch, with fractions. */
  readonly emittedAt: number;
  /** Undefined: the event's id. */
  readonly correlationId?: string;
  /** What the host carries along, as JSON. */
  readonly carried?: string;
  /** The payload. */
  readonly json: string;
  /** Of the payload, in UTF-8: whoever held it against `maxEventSize` has measured it. */
  readonly bytes: number;
}

/** One slot at one time of its life: it goes stale when the slot is given on. */
export interface Hold {
  readonly slot: number;
  readonly generation: number;
}

/** What stands in a slot. */
export interface StoredEvent extends Hold, NewEvent {
  /** Runs that have failed. */
  readonly attempts: number;
  /** Deaths of a thread that ran it alone. */
  readonly crashes: number;
}

/** Where a consumer gets its events from: lanes that threads share, or those of the app's thread. */
export interface EventLanes {
  /** Claims the event whose turn it is. */
  next(): StoredEvent | null;
  /** Whether there may be something to claim. */
  hasReady(): boolean;
  /**
   * It was handled: its slot is free. What is not held any more stays as it is.
   * @returns true when somebody waits for room, and this caller is the one who has to tell (`EventBuffer.wantRoom`)
   */
  done(hold: Hold): boolean;
}
