import type { IncomingMessage } from 'node:http';
import type { BoardMiddleware } from './board-access.js';
import { refuse } from './refuse.js';

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  // The board's charts and editor set style attributes.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers that keep the board's pages from being framed, sniffed, cached or made to load foreign code. */
export const securityHeaders: BoardMiddleware = (_request, response, next) => {
  response.removeHeader('X-Powered-By');
  response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY);
  response.setHeader('X-Frame-Options', 'DENY');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cache-Control', 'no-store');
  next();
};

/**
 * Refuses changes that another web site asks a visitor's browser for, and bodies that a browser sends without asking
 * first (forms, plain text).
 */
export const sameSiteChanges: BoardMiddleware = (request, response, next) => {
  if (request.method === 'GET' || request.method === 'HEAD') {
    next();
    return;
  }
  if (!isOwnSite(request)) {
    refuse(response, 403, 'Changes are accepted from the board itself only.');
    return;
  }
  if (hasBody(request) && !isJson(request.headers['content-type'])) {
    refuse(response, 415, 'Send application/json.');
    return;
  }
  next();
};

function isOwnSite({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  // Browsers leave Sec-Fetch-Site out on plain HTTP; programs other than browsers send neither header.
  if (headers.origin === undefined) return true;
  return URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function isJson(contentType: string | undefined): boolean {
  return contentType?.split(';')[0]?.trim().toLowerCase() === 'application/json';
}
