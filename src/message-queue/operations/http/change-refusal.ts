import type { IncomingMessage } from 'node:http';

const OTHER_SITE = "Changes are accepted from this site's own pages only.";
const FORM = 'application/x-www-form-urlencoded';

/** Why a request is refused, in words, and the status that says so. */
export interface ChangeRefusal {
  readonly status: 403 | 415;
  readonly reason: string;
}

/**
 * Why a request must change nothing, or null when it may: it comes from a page of another site (403), or has a body that a browser sends for any page
 * without asking first, a form or plain text (415). Requests that change nothing, GET and HEAD, pass; one that opens a socket counts as a change.
 * The board, REST and the console ask this themselves; a host may ask it for its own routes, so that all are decided alike.
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

/** As {@link changeRefusal}, for a page whose form is sent without a script: what a browser sends has to say that it comes from here. */
export function formRefusal(request: IncomingMessage): ChangeRefusal | null {
  if (request.method !== 'POST') return changeRefusal(request);
  const { origin, 'sec-fetch-site': site, 'content-type': type } = request.headers;
  const isTold = origin !== undefined || site !== undefined;
  if (!isTold || !isOwnSite(request)) return { status: 403, reason: OTHER_SITE };
  return type?.startsWith(FORM) === true ? null : { status: 415, reason: `Send ${FORM}.` };
}

/** A foreign Origin loses whatever else is sent; without one, what the browser says of the site counts. */
function isOwnSite({ headers }: IncomingMessage): boolean {
  const { origin, host, 'sec-fetch-site': site } = headers;
  if (site !== undefined && site !== 'same-origin') return false;
  // Browsers leave Sec-Fetch-Site out on plain HTTP; programs other than browsers send neither header.
  if (origin === undefined) return true;
  if (host === undefined || !URL.canParse(origin)) return false;
  const sender = new URL(origin);
  // As the origin writes it: in lower case, and without the port that its scheme implies.
  const own = `${sender.protocol}//${host}`;
  return sender.host !== '' && URL.canParse(own) && new URL(own).host === sender.host;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function isJson(contentType: string | undefined): boolean {
  return contentType?.split(';')[0]?.trim().toLowerCase() === 'application/json';
}
