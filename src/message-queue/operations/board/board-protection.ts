import type { IncomingMessage } from 'node:http';
import type { BoardMiddleware } from './board-access.js';
import { refuse } from '../http/refuse.js';
import { headersOfPages } from '../http/security-headers.js';

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
];

const OTHER_SITE = "Changes are accepted from this site's own pages only.";
const FORM = 'application/x-www-form-urlencoded';

/** Headers of the board's pages. */
export const securityHeaders: BoardMiddleware = headersOfPages(CONTENT_SECURITY_POLICY);

/**
 * Refuses changes that another web site asks a visitor's browser for, and bodies that a browser sends without asking
 * first (forms, plain text).
 */
export const sameSiteChanges: BoardMiddleware = (request, response, next) => {
  const refusal = changeRefusal(request);
  if (refusal === null) next();
  else refuse(response, refusal.status, refusal.reason);
};

/** As {@link sameSiteChanges}, for a page whose form is sent without a script: what a browser sends has to say that it comes from here. */
export const sameSiteForms: BoardMiddleware = (request, response, next) => {
  const isForm = request.headers['content-type']?.startsWith(FORM) === true;
  const { origin, 'sec-fetch-site': site } = request.headers;
  const isTold = origin !== undefined || site !== undefined;
  if (request.method !== 'POST') sameSiteChanges(request, response, next);
  else if (!isTold || !isOwnSite(request)) refuse(response, 403, OTHER_SITE);
  else if (!isForm) refuse(response, 415, `Send ${FORM}.`);
  else next();
};

/** Why a request is refused, in words, and the status that says so. */
export interface ChangeRefusal {
  readonly status: 403 | 415;
  readonly reason: string;
}

/**
 * Why a request must change nothing, or null when it may: it comes from a page of another site (403), or has a body that a browser sends for any page
 * without asking first, a form or plain text (415). Requests that change nothing, GET and HEAD, pass; one that opens a socket counts as a change.
 * The board asks this itself; a host may ask it for its own routes, so that both are decided alike.
 */
export function changeRefusal(request: IncomingMessage): ChangeRefusal | null {
  const { method, headers } = request;
  if ((method === 'GET' || method === 'HEAD') && headers.upgrade === undefined) return null;
  if (!isOwnSite(request)) return { status: 403, reason: OTHER_SITE };
  if (hasBody(request) && !isJson(headers['content-type'])) {
    return { status: 415, reason: 'Send application/json.' };
  }
  return null;
}

function isOwnSite({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  // Browsers leave Sec-Fetch-Site out on plain HTTP; programs other than browsers send neither header.
  if (headers.origin === undefined) return true;
  if (headers.host === undefined || !URL.canParse(headers.origin)) return false;
  const origin = new URL(headers.origin);
  // As the origin writes it: in lower case, and without the port that its scheme implies.
  const own = `${origin.protocol}//${headers.host}`;
  return origin.host !== '' && URL.canParse(own) && new URL(own).host === origin.host;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function isJson(contentType: string | undefined): boolean {
  return contentType?.split(';')[0]?.trim().toLowerCase() === 'application/json';
}
