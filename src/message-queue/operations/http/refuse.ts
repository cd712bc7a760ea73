import type { ServerResponse } from 'node:http';

/** Answers a request with a line of text instead. */
export function refuse(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return;
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(`${text}\n`);
}
