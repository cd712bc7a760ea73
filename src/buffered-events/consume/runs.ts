import type { StoredEvent } from '../buffer/buffer-words.js';
import type { EventTimeoutError } from '../events/errors.js';
import type { LazySignal } from './lazy-signal.js';

/** One event between its claim and its end. */
export interface Run {
  readonly event: StoredEvent;
  readonly signal: LazySignal;
  readonly startedAt: number;
  /** That its handler took too long and was told so, and when. */
  stopped: { readonly at: number; readonly reason: EventTimeoutError } | undefined;
  /** Where it stands among those that run; −1: it is over. */
  at: number;
}

/**
 * What runs now, in no order. Not a `Set`: each table that one outgrows points to the next, so a single old table that waits for a full
 * collection keeps all later ones, and every event that stood in them, past each collection of young objects.
 */
export class Runs {
  private readonly list: Run[] = [];

  get size(): number {
    return this.list.length;
  }

  begin(event: StoredEvent, signal: LazySignal, startedAt: number): Run {
    const run: Run = { event, signal, startedAt, stopped: undefined, at: this.list.length };
    this.list.push(run);
    return run;
  }

  /** @returns false where it is over already */
  end(run: Run): boolean {
    if (run.at < 0) return false;
    const last = this.list.pop();
    if (last !== undefined && last !== run) {
      last.at = run.at;
      this.list[run.at] = last;
    }
    run.at = -1;
    return true;
  }

  /** As they are now: some may end while they are gone through. */
  now(): readonly Run[] {
    return [...this.list];
  }
}
