import type { Clock } from '../../../../kernel/time/clock.js';

const CHANGES = 60;
const WITHIN_MS = 60_000;
/** Users that are remembered. */
const MOST_USERS = 10_000;

/** 60 changes a minute and user, in this process: a script that runs wild stops before it has emptied everything. */
export class ChangeLimit {
  readonly #clock: Clock;
  readonly #users = new Map<string, { since: number; count: number }>();

  constructor(clock: Clock) {
    this.#clock = clock.steady();
  }

  /** Counts a change. @returns 0, or in how many seconds the next may be asked for */
  take(user: string): number {
    const now = this.#clock.now();
    const known = this.#users.get(user);
    const current = known !== undefined && now - known.since < WITHIN_MS ? known : { since: now, count: 0 };
    // Last in the map again: its order is that of the latest changes.
    this.#users.delete(user);
    this.#users.set(user, current);
    if (this.#users.size > MOST_USERS) for (const [oldest] of this.#users) return this.#forget(oldest, user);
    return this.#count(current, now);
  }

  #count(current: { since: number; count: number }, now: number): number {
    if (current.count >= CHANGES) return Math.max(1, Math.ceil((current.since + WITHIN_MS - now) / 1_000));
    current.count += 1;
    return 0;
  }

  #forget(oldest: string, user: string): number {
    this.#users.delete(oldest);
    return this.take(user);
  }
}
