import { Injectable, ServiceUnavailableException } from '@nestjs/common';
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

  /** @throws ServiceUnavailableException when too many wait already */
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
    if (this.#waiting.length >= MAY_WAIT) {
      throw new ServiceUnavailableException('Too many people sign in at once: try again in a moment.');
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
