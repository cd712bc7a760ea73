import { createHash } from 'node:crypto';
import type { Clock } from '../../../../kernel/time/clock.js';
import { networkOf } from './network-of.js';

/** How many may be wrong before the next ones wait. */
const WRONG_ONES = 5;
const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 900_000;
/** Behind this long nothing is held against anybody. */
const FORGOTTEN_AFTER_MS = 1_800_000;
/** Names and addresses that are remembered. */
const MOST_ENTRIES = 10_000;

interface Attempts {
  wrong: number;
  /** That are not decided yet. */
  pending: number;
  /** Until then none is looked at. */
  until: number;
  lastAt: number;
}

/**
 * Five wrong sign-ins per name and address; then one at a time, each after a wait that doubles from 30 s to 15 min. Attempts count from their
 * beginning, so that many at once are no way around it. Of 10 000 names and addresses those are forgotten first that were used longest ago.
 */
export class SignInThrottle {
  readonly #clock: Clock;
  readonly #attempts = new Map<string, Attempts>();

  constructor(clock: Clock) {
    this.#clock = clock.steady();
  }

  /** How many seconds nobody of this name and address is looked at; 0: they are. */
  waitOf(name: string, address: string): number {
    const { until = 0 } = this.#known(keyOf(name, address)) ?? {};
    return Math.max(0, Math.ceil((until - this.#clock.now()) / 1_000));
  }

  /** Begins to look at a password. @returns 0, or in how many seconds one may be looked at */
  begin(name: string, address: string): number {
    const wait = this.waitOf(name, address);
    if (wait > 0) return wait;
    const key = keyOf(name, address);
    const attempts = this.#known(key) ?? { wrong: 0, pending: 0, until: 0, lastAt: 0 };
    if (attempts.pending >= Math.max(1, WRONG_ONES - attempts.wrong)) return 1;
    attempts.pending += 1;
    this.#keep(key, attempts);
    return 0;
  }

  /** The password was wrong. */
  failed(name: string, address: string): void {
    const key = keyOf(name, address);
    const attempts = this.#known(key) ?? { wrong: 0, pending: 1, until: 0, lastAt: 0 };
    attempts.wrong += 1;
    attempts.pending = Math.max(0, attempts.pending - 1);
    if (attempts.wrong >= WRONG_ONES) {
      const wait = FIRST_WAIT_MS * 2 ** Math.min(attempts.wrong - WRONG_ONES, 10);
      attempts.until = this.#clock.now() + Math.min(wait, LONGEST_WAIT_MS);
    }
    this.#keep(key, attempts);
  }

  /** The password was the right one: earlier mistakes are forgiven. */
  succeeded(name: string, address: string): void {
    this.#attempts.delete(keyOf(name, address));
  }

  #known(key: string): Attempts | undefined {
    const attempts = this.#attempts.get(key);
    if (attempts === undefined || this.#clock.now() - attempts.lastAt < FORGOTTEN_AFTER_MS) return attempts;
    this.#attempts.delete(key);
    return undefined;
  }

  /** Last in the map again: its order is that of the latest attempts. */
  #keep(key: string, attempts: Attempts): void {
    attempts.lastAt = this.#clock.now();
    this.#attempts.delete(key);
    this.#attempts.set(key, attempts);
    if (this.#attempts.size <= MOST_ENTRIES) return;
    for (const [oldest] of this.#attempts) {
      this.#attempts.delete(oldest);
      return;
    }
  }
}

/** Of one length, whatever was typed. */
function keyOf(name: string, address: string): string {
  return createHash('sha256')
    .update(`${networkOf(address)} ${name}`)
    .digest('base64');
}
