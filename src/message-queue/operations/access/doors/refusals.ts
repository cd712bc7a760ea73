import { STATUS_CODES } from 'node:http';
import type { Exchange } from '../../http/exchange.js';
import { refuse } from '../../http/refuse.js';
import type { Refused } from '../admission.js';

/** A refusal for people who look at a page. */
export function refuseInText({ response }: Exchange, { status, detail }: Refused): void {
  refuse(response, status, detail);
}

/** A refusal for programs: `application/problem+json` (RFC 9457). */
export function refuseAsProblem(exchange: Exchange, { status, code, detail }: Refused): void {
  const problem = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, code };
  exchange.sendJson(status, problem, 'application/problem+json');
}
