import type { Clock } from '../../../../kernel/time/clock.js';
import type { Exchange } from '../../http/exchange.js';
import type { AccessMethod, Admission, Refused } from '../admission.js';
import { parseBasic } from '../basic-credentials.js';
import { PasswordChecks } from './password-checks.js';
import { SignInThrottle } from './sign-in-throttle.js';
import { nameOf } from './user-list.js';
import type { UserInRole } from './user-list.js';
import type { Users } from './users.js';

const CHALLENGE = { 'WWW-Authenticate': 'Basic realm="Message queues", charset="UTF-8"' };

const SIGN_IN: Refused = {
  status: 401,
  code: 'SIGN_IN',
  detail: 'Sign in to see the message queues.',
  headers: CHALLENGE,
};

/** Finds out who asks by name and password. */
export class PasswordAccess implements AccessMethod {
  readonly openTo: string;
  readonly #users: ReadonlyMap<string, UserInRole>;
  readonly #checks: PasswordChecks;
  readonly #throttle: SignInThrottle;

  constructor({ all }: Users, clock: Clock) {
    this.#users = new Map(all.map((user) => [user.name, user]));
    this.#checks = new PasswordChecks(all.some(({ secret }) => typeof secret !== 'string'));
    this.#throttle = new SignInThrottle(clock);
    const operators = all.filter(({ role }) => role === 'operator').length;
    this.openTo = `whoever signs in (operators: ${operators}, viewers: ${all.length - operators})`;
  }

  ask({ request, address }: Exchange): Admission | Promise<Admission> {
    const given = parseBasic(request.headers.authorization);
    if (given === null) return { refused: SIGN_IN };
    const name = nameOf(given.username);
    const user = this.#users.get(name);
    const wait = this.#throttle.waitOf(name, address);
    if (wait > 0) return tooMany(user, wait);
    if (this.#checks.isKnownToFit(user, given.password)) return this.#passed(user, name, address);
    return this.#looked(user, name, given.password, address);
  }

  async #looked(
    user: UserInRole | undefined,
    name: string,
    password: string,
    address: string,
  ): Promise<Admission> {
    // A page asks for all of its files at once.
    const isSame = this.#checks.isUnderWay(user, password);
    if (!isSame) {
      if (this.#checks.isFull) return tooMany(user, 1);
      const wait = this.#throttle.begin(name, address);
      if (wait > 0) return tooMany(user, wait);
    }
    let fits = false;
    try {
      fits = await this.#checks.fits(user, password);
    } finally {
      if (!fits && !isSame) this.#throttle.failed(name, address);
    }
    if (fits) return this.#passed(user, name, address);
    const detail = 'Name or password is wrong.';
    return { refused: { ...SIGN_IN, code: 'WRONG_PASSWORD', detail, signIn: by(user) } };
  }

  #passed(user: UserInRole | undefined, name: string, address: string): Admission {
    this.#throttle.succeeded(name, address);
    // Only what is a user's fits.
    if (user === undefined) return { refused: SIGN_IN };
    return { visitor: { name: user.name, role: user.role } };
  }
}

function tooMany(user: UserInRole | undefined, seconds: number): Admission {
  const detail = `There were too many wrong passwords. Try again in ${seconds} s.`;
  const headers = { 'Retry-After': String(seconds) };
  return { refused: { status: 429, code: 'TOO_MANY_SIGN_INS', detail, headers, signIn: by(user) } };
}

/** A name that nobody has may be a password that went into the wrong field. */
function by(user: UserInRole | undefined): string {
  return user?.name ?? 'an unknown name';
}
