import { createHash, timingSafeEqual } from 'node:crypto';
import { InvalidConfigurationError } from '../../../kernel/errors.js';
import type { Issue } from '../../../kernel/errors.js';
import type { BoardMiddleware } from './board-access.js';
import { refuse } from './refuse.js';

/** Who may log in. */
export interface BasicAuthCredentials {
  /** Not empty, without a colon. */
  readonly username: string;
  /** At least 8 characters. */
  readonly password: string;
}

/**
 * Board access by HTTP basic authentication. Use it over HTTPS only. Name and password are compared as hashes and in
 * constant time.
 * @throws InvalidConfigurationError when name or password cannot be used
 */
export function basicAuthAccess(credentials: BasicAuthCredentials): BoardMiddleware {
  const issues = problems(credentials);
  if (issues.length > 0) throw new InvalidConfigurationError('The board cannot be protected:', issues);
  const expectedName = digest(credentials.username);
  const expectedPassword = digest(credentials.password);
  const access: BoardMiddleware = (request, response, next) => {
    const given = parse(request.headers.authorization);
    const isName = timingSafeEqual(digest(given.username), expectedName);
    const isPassword = timingSafeEqual(digest(given.password), expectedPassword);
    if (isName && isPassword) {
      next();
      return;
    }
    response.setHeader('WWW-Authenticate', 'Basic realm="Message queues", charset="UTF-8"');
    refuse(response, 401, 'Log in to see the message queues.');
  };
  MADE_HERE.add(access);
  return access;
}

/** Whether access is by {@link basicAuthAccess}. */
export function isBasicAuthAccess(access: object): boolean {
  return MADE_HERE.has(access);
}

const MADE_HERE = new WeakSet();

function problems({ username, password }: BasicAuthCredentials): Issue[] {
  const issues: Issue[] = [];
  if (typeof username !== 'string' || username === '' || username.includes(':')) {
    issues.push({ path: 'board.access.username', message: 'must be a text, not empty and without a colon' });
  }
  if (typeof password !== 'string' || password.length < 8) {
    issues.push({ path: 'board.access.password', message: 'must be a text of at least 8 characters' });
  }
  return issues;
}

function parse(header: string | undefined): BasicAuthCredentials {
  const encoded = /^Basic +([A-Za-z0-9+/=]{1,2000})$/i.exec(header ?? '')?.[1] ?? '';
  const [username = '', ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return { username, password: password.join(':') };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
