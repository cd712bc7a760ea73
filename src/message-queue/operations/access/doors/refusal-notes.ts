import type { Clock } from '../../../../kernel/time/clock.js';

const WITHIN_MS = 60_000;
/** Refusals of all kinds that are written down a minute. */
const MOST = 60;

/** Which refusals are written down: one of a kind a minute, and 60 of all, so that nobody pushes what was done out of the list. */
export class RefusalNotes {
  readonly #clock: Clock;
  #since = Number.NEGATIVE_INFINITY;
  readonly #kinds = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock.steady();
  }

  /** Whether one of this kind is to be written down. */
  isNews(kind: string): boolean {
    const now = this.#clock.now();
    if (now - this.#since >= WITHIN_MS) {
      this.#since = now;
      this.#kinds.clear();
    }
    if (this.#kinds.size >= MOST || this.#kinds.has(kind)) return false;
    this.#kinds.add(kind);
    return true;
  }
}
