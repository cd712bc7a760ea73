import { createHash, timingSafeEqual } from 'node:crypto';
import { InvalidConfigurationError } from '../../../kernel/errors.js';
import { Issues } from '../../../kernel/values/issues.js';
import { kindThat } from '../../../kernel/values/kind.js';
import { matching, sharedSecret } from '../../../kernel/values/kinds.js';
import type { BoardMiddleware, BoardPrincipal } from '../board/board-access.js';
import type { BoardRight } from './operator.js';
import { refuse } from '../http/refuse.js';
import { parseBasic } from './basic-credentials.js';

/** Who may log in. */
export interface BasicAuthCredentials {
  /** Not empty, without a colon. */
  readonly username: string;
  /** At least 16 bytes, and not one character again and again: whoever has it sees every queue, and may try as often as they like. */
  readonly password: string;
  /** What whoever logs in may do beside what everybody on the board may. Default: nothing. */
  readonly rights?: readonly BoardRight[];
}

const USERNAME = matching('a string that is not empty and has no colon', /^[^:]+$/);
const PASSWORD = sharedSecret();
const RIGHTS = kindThat<readonly BoardRight[]>(
  'a list of rights: ["reveal"]',
  (value) => Array.isArray(value) && value.every((right) => right === 'reveal'),
);

/**
 * Board access by HTTP basic authentication. Use it over HTTPS only. Name and password are compared as hashes and in
 * constant time.
 * @throws InvalidConfigurationError when name or password cannot be used
 */
export function basicAuthAccess(credentials: BasicAuthCredentials): BoardMiddleware {
  const issues = new Issues('board.access');
  issues.check('username', credentials.username, USERNAME);
  issues.check('password', credentials.password, PASSWORD);
  issues.checkGiven('rights', credentials.rights, RIGHTS);
  issues.throwIfAny(InvalidConfigurationError, 'The board cannot be protected:');
  const expectedName = digest(credentials.username);
  const expectedPassword = digest(credentials.password);
  const access: BoardMiddleware = (request, response, next) => {
    const given = parseBasic(request.headers.authorization) ?? { username: '', password: '' };
    const isName = timingSafeEqual(digest(given.username), expectedName);
    const isPassword = timingSafeEqual(digest(given.password), expectedPassword);
    if (isName && isPassword) {
      next();
      return;
    }
    response.setHeader('WWW-Authenticate', 'Basic realm="Message queues", charset="UTF-8"');
    refuse(response, 401, 'Log in to see the message queues.');
  };
  MADE_HERE.set(access, { id: credentials.username, rights: credentials.rights });
  return access;
}

/** Who logs in, if access is by {@link basicAuthAccess}. */
export function basicAuthPrincipal(access: object | undefined): BoardPrincipal | undefined {
  return access && MADE_HERE.get(access);
}

const MADE_HERE = new WeakMap<object, BoardPrincipal>();

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
