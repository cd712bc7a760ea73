import { STATUS_CODES } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { Refused } from '../access/admission.js';
import type { Exchange } from './exchange.js';

/** Answers a request with a line of text instead. */
export function refuse(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return;
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(`${text}\n`);
}

/** A refusal for people who look at a page. */
export function refuseInText({ response }: Exchange, { status, detail }: Refused): void {
  refuse(response, status, detail);
}

/** A refusal for programs: `application/problem+json` (RFC 9457). */
export function refuseAsProblem(exchange: Exchange, { status, code, detail }: Refused): void {
  const problem = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, code };
  exchange.sendJson(status, problem, 'application/problem+json');
}
