import type { ServerResponse } from 'node:http';
import type { HttpMiddleware } from './mount.js';

/** For answers that are no page: a browser that shows one runs nothing in it. */
export const ANSWER_POLICY = [
  "default-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];

/**
 * Headers that keep pages from being framed, sniffed or made to load foreign code, and from being kept where somebody else finds them.
 * @param policy the Content-Security-Policy, directive by directive
 */
export function setSecurityHeaders(response: ServerResponse, policy: readonly string[]): void {
  response.removeHeader('X-Powered-By');
  response.setHeader('Content-Security-Policy', policy.join('; '));
  response.setHeader('X-Frame-Options', 'DENY');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cache-Control', 'no-store');
}

/** As {@link setSecurityHeaders}, as a step before what answers. */
export function headersOfPages(policy: readonly string[]): HttpMiddleware {
  return (_request, response, next) => {
    setSecurityHeaders(response, policy);
    next();
  };
}
