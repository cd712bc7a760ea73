import type { IncomingMessage, ServerResponse } from 'node:http';
import { inOrder } from '../http/mount.js';
import type { HttpStep } from '../http/mount.js';
import { refuse } from '../http/refuse.js';
import { headersOfPages } from '../http/security-headers.js';
import { consoleFiles } from './console-files.js';
import type { ConsoleFile, ConsolePlace } from './console-files.js';

/** The page runs and asks what this app serves, and nothing else. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
];

/**
 * Serves the console's files, with their headers; to be mounted at `place.address` behind the check of who may see it. It holds no data: what the
 * page shows it asks of the REST routes, which check access themselves.
 */
export function consoleStep(place: ConsolePlace): HttpStep {
  let files: ReadonlyMap<string, ConsoleFile> | undefined;
  return inOrder([
    headersOfPages(CONTENT_SECURITY_POLICY),
    (request: IncomingMessage, response: ServerResponse): void => {
      files ??= consoleFiles(place);
      answer(request, response, files);
    },
  ]);
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  files: ReadonlyMap<string, ConsoleFile>,
): void {
  const { method, url = '/', headers } = request;
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    refuse(response, 405, 'Send GET.');
    return;
  }
  const [path = ''] = url.split(/[?#]/);
  const file = files.get(path.replace(/^\//, ''));
  if (file === undefined) {
    refuse(response, 404, 'The console has no such file.');
    return;
  }
  // Kept by the browser, and asked about each time: a new version is there at once.
  response.setHeader('Cache-Control', 'private, no-cache');
  response.setHeader('ETag', file.etag);
  if (isKnown(headers['if-none-match'], file.etag)) {
    response.statusCode = 304;
    response.end();
    return;
  }
  response.setHeader('Content-Type', file.type);
  response.setHeader('Content-Length', file.body.length);
  response.end(method === 'HEAD' ? undefined : file.body);
}

function isKnown(asked: string | undefined, etag: string): boolean {
  const tags = asked?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return tags.includes(etag) || tags.includes('*');
}
