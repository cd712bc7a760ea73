import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Express } from 'express';

/** For answers that are no page: a browser that shows one runs nothing in it. */
const ANSWERS = {
  'Content-Security-Policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  // Conversations are nobody's to keep on the way.
  'Cache-Control': 'no-store',
};

/**
 * Headers on everything that the app's server answers: API, errors, long polling. The pages and the board replace those that they need
 * otherwise.
 */
@Injectable()
export class SecurityHeaders implements OnApplicationBootstrap {
  constructor(private readonly host: HttpAdapterHost) {}

  onApplicationBootstrap(): void {
    const httpAdapter = this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | null | undefined;
    // A worker has no web server.
    if (httpAdapter === undefined || httpAdapter === null) return;
    httpAdapter.getInstance<Express>().disable('x-powered-by');
    // Before Nest's own parsers and Socket.IO's server, which answer by themselves what they refuse.
    (httpAdapter.getHttpServer() as NodeJS.EventEmitter).prependListener('request', setHeaders);
  }
}

function setHeaders(_request: IncomingMessage, response: ServerResponse): void {
  for (const [name, value] of Object.entries(ANSWERS)) response.setHeader(name, value);
}
