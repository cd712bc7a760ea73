import type { Hold, StoredEvent } from '../buffer/buffer-words.js';
import type { HandlerPlace } from '../events/event-words.js';

/** What settling needs of the buffer: see `EventBuffer`. */
export interface HeldEvents {
  /** Takes a claimed event back. @returns false when it is not held so any more: whatever is told of it comes too late */
  hold(hold: Hold): boolean;
  /** Gives an event that was taken back to whoever claims it next. @returns false where there is none to give */
  ready(slot: number, lane: 'own' | 'suspects', place: HandlerPlace): boolean;
  failedOnce(slot: number): number;
  crashedOnce(slot: number): number;
  read(slot: number): StoredEvent;
  free(slot: number): void;
  heldBy(owner: number): readonly number[];
}
