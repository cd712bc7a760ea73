import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { isPassword, NOBODYS_HASH } from './password-hash.js';
import type { UserInRole } from './user-list.js';

/** Each takes 32 MiB and a thread of four that files and DNS need too. */
const AT_ONCE = 2;
const MAY_WAIT = 20;

/**
 * Says whether a password is the one of a user, in the same time for every name. A hash is derived once: what fitted is remembered as a keyed
 * digest, since a browser sends the password with every request.
 */
export class PasswordChecks {
  /** Of this process. */
  readonly #key = randomBytes(32);
  readonly #fitting = new Map<string, Buffer>();
  readonly #underWay = new Map<string, Promise<boolean>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param isAnyHashed whether a hash is derived for everybody, so that nobody sees who has one */
  constructor(private readonly isAnyHashed: boolean) {}

  /** Whether so many wait already that the next one had better come again. */
  get isFull(): boolean {
    return this.#waiting.length >= MAY_WAIT;
  }

  /** Whether it fits, where that is known without deriving a hash. */
  isKnownToFit(user: UserInRole | undefined, password: string): boolean {
    const known = user === undefined ? undefined : this.#knownOf(user);
    // One comparison for every name.
    const isSame = timingSafeEqual(this.#digest(password), known ?? this.#digest(''));
    return isSame && known !== undefined;
  }

  /** Whether it fits. The same one that is asked for several times at once is looked at once. */
  async fits(user: UserInRole | undefined, password: string): Promise<boolean> {
    if (this.isKnownToFit(user, password)) return true;
    if (!this.isAnyHashed) return false;
    const key = `${user?.name ?? ''} ${this.#digest(password).toString('base64')}`;
    const check = this.#underWay.get(key) ?? this.#derived(user, password);
    this.#underWay.set(key, check);
    try {
      return await check;
    } finally {
      this.#underWay.delete(key);
    }
  }

  /** Whether the same one is being looked at. */
  isUnderWay(user: UserInRole | undefined, password: string): boolean {
    return this.#underWay.has(`${user?.name ?? ''} ${this.#digest(password).toString('base64')}`);
  }

  async #derived(user: UserInRole | undefined, password: string): Promise<boolean> {
    await this.#begin();
    try {
      const secret = user?.secret;
      const hash = secret === undefined || typeof secret === 'string' ? NOBODYS_HASH : secret;
      const isRight = await isPassword(password, hash);
      if (isRight && user !== undefined) this.#fitting.set(user.name, this.#digest(password));
      return isRight;
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

  #knownOf({ name, secret }: UserInRole): Buffer | undefined {
    return typeof secret === 'string' ? this.#digest(secret) : this.#fitting.get(name);
  }

  #digest(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text.normalize('NFC'), 'utf8').digest();
  }
}
