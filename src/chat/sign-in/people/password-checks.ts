import { Injectable } from '@nestjs/common';
import { isPassword } from './password-hash.js';
import type { PasswordHash } from './password-hash.js';

/** Each takes 32 MiB and a thread of four that files and DNS need too. */
const AT_ONCE = 2;
const MAY_WAIT = 20;

/** Checks passwords, a few at a time: whoever sends many, under many names, takes neither memory nor threads from the rest. */
@Injectable()
export class PasswordChecks {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** Whether so many wait already that the next one had better come again. */
  get isFull(): boolean {
    return this.#waiting.length >= MAY_WAIT;
  }

  /** Waits for its turn. */
  async isPassword(password: string, hash: PasswordHash): Promise<boolean> {
    await this.#begin();
    try {
      return await isPassword(password, hash);
    } finally {
      // The next one takes the place over, so that nobody gets in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  async #begin(): Promise<void> {
    if (this.#running < AT_ONCE) {
      this.#running += 1;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
