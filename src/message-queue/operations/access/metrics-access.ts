import { createHash, timingSafeEqual } from 'node:crypto';
import type { Exchange } from '../http/exchange.js';
import type { AccessMethod, Admission } from './admission.js';

/** Access to metrics: a scraper's bearer token, or whoever may use the operations. */
export class MetricsAccess implements AccessMethod {
  readonly openTo: string;
  readonly #expected: Buffer | null;

  constructor(
    token: string | null,
    private readonly others: AccessMethod,
  ) {
    this.#expected = token === null ? null : digest(token);
    this.openTo = token === null ? others.openTo : `whoever has the token, and ${others.openTo}`;
  }

  ask(exchange: Exchange): Admission | Promise<Admission> {
    const given = /^Bearer +(\S{1,512})$/i.exec(exchange.request.headers.authorization ?? '')?.[1];
    if (given === undefined) return this.others.ask(exchange);
    if (this.#expected !== null && timingSafeEqual(digest(given), this.#expected)) {
      return { visitor: { name: 'metrics', role: 'viewer' } };
    }
    const headers = { 'WWW-Authenticate': 'Bearer realm="Message queues"' };
    return { refused: { status: 401, code: 'WRONG_TOKEN', detail: 'That is not the token.', headers } };
  }
}

/** Of one length, so that a comparison takes one time. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
