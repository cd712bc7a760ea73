import type { ServerResponse } from 'node:http';
import { MessageQueueError } from '../../../../kernel/errors.js';
import { readProperty } from '../../../../kernel/logging/error-text.js';
import { escaped } from '../../../../kernel/logging/printable.js';

/** What an error of ours means to a browser. Any other is a fault. */
const STATUS: Readonly<Record<string, number>> = {
  INVALID_AUDIT_ENTRY: 400,
  INVALID_JOB_OPTIONS: 400,
  UNKNOWN_QUEUE: 404,
  JOB_NOT_FOUND: 404,
  SEAL_BROKEN: 409,
  SCOPE_SHREDDED: 410,
  AUDIT_UNAVAILABLE: 503,
  KEY_UNAVAILABLE: 503,
  BROKER_UNAVAILABLE: 503,
};

/** The parts of a page of ours. They work without a script. */
export interface PageParts {
  readonly title: string;
  readonly style: string;
  /** HTML. */
  readonly body: readonly string[];
}

/** A page, as HTML. */
export function pageOf({ title, style, body }: PageParts): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${html(title)}</title><style>${style}</style></head>
<body>
${body.filter((part) => part !== '').join('\n')}
</body>
</html>
`;
}

/** A text as HTML says it; lines stay lines, and no other character acts. */
export function html(text: string): string {
  const safe = text.split('\n').map(escaped).join('\n');
  return safe.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** Answers with a page. */
export function sendPage(response: ServerResponse, status: number, page: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.setHeader('Content-Security-Policy', POLICY);
  // So that a form says where it is sent from.
  response.setHeader('Referrer-Policy', 'same-origin');
  response.end(page);
}

/** What is wrong with what somebody asked for, in words for them, and the status that says so. @throws any error that is a fault */
export function problemOf(error: unknown): { readonly status: number; readonly problem: string } {
  const status = STATUS[String(readProperty(error, 'code'))];
  if (!(error instanceof MessageQueueError) || status === undefined) throw error;
  return { status, problem: error.message };
}
