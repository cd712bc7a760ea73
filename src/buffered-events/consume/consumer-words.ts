import type { Hold, StoredEvent } from '../buffer/buffer-words.js';
import type { ErrorRecord } from '../events/event-words.js';

/** Where a consumer takes events from: the shared lanes of threads, or the lanes of the app's own thread. */
export interface EventSource {
  /** Claims the next event; null when there is none. */
  next(): StoredEvent | null;
  /** Whether there may be one; it may say so once too often, never too seldom. */
  hasReady(): boolean;
  /** Claims a suspect of a thread's death. Left out: this consumer never runs any, since it must not die (the app's thread). */
  nextSuspect?(): StoredEvent | null;
  /** Whether suspects wait, and this consumer is the one that runs them. */
  hasSuspects?(): boolean;
}

/** What a consumer writes down of itself where all threads see it: `ThreadCells`. */
export interface ConsumerCells {
  /** It rests. @param dozes it will look by itself: nobody needs to ring for it */
  rest(dozes: boolean): void;
  /** It rests no more. */
  rise(): void;
  /** Whether it was told to claim nothing more. */
  readonly draining: boolean;
  /** Slot of the suspect that it runs, and nothing beside it; −1: none. */
  alone: number;
  /** How many events it runs. */
  running: number;
  /** Runs that failed. */
  failed: number;
  /** The first run of an event has begun. @param latencyMs since it was emitted */
  started(latencyMs: number): void;
  /** One run is over. @param processingMs how long it took */
  ended(processingMs: number): void;
}

/** Who decides what becomes of an event after its run. */
export interface RunOutcomes {
  /** Its handlers have returned: the event is over. */
  done(event: Hold): void;
  /** Its run failed: it stays claimed until the app decides. */
  failed(event: Hold, error: ErrorRecord): void;
}
