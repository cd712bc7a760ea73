import type { IncomingMessage, ServerResponse } from 'node:http';
import { readProperty } from '../../../../kernel/logging/error-text.js';
import { MessageQueueError } from '../../../../kernel/errors.js';
import type { RevealCall, RevealedJob } from '../../../privacy/reveal/job-reveal.js';
import type { BoardStep } from '../board-mount.js';
import type { BoardUsers } from '../board-users.js';
import { refuse } from '../refuse.js';
import { readField } from './posted-form.js';
import { formPage, jobPage } from './reveal-pages.js';
import type { JobPlace } from './reveal-pages.js';

/** `/reveal/<queue>/<id>`, below the address of the board. */
const PATH = /^\/reveal\/([^/?#]+)\/([^/?#]+)\/?(?:[?#]|$)/;

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

const NO_RIGHT =
  'You may not reveal jobs. Whoever runs this app says who may: board.principal gives the right "reveal", or basicAuthAccess does (rights: ["reveal"]).';

/** Opens one job. */
export type Reveal = (queue: string, id: string, call: RevealCall) => Promise<RevealedJob>;

/** Whether a request is for the pages that reveal jobs. */
export function isForReveal({ url = '' }: IncomingMessage): boolean {
  return PATH.test(url);
}

/** Where a job is revealed. @param board the address of the board */
export function revealAddress(board: string, queue: string, id: string): string {
  return `${board}/reveal/${encodeURIComponent(queue)}/${encodeURIComponent(id)}`;
}

/** Shows a form that asks why, and then the job, to whoever has the right. */
export function revealStep(board: string, users: BoardUsers, reveal: Reveal): BoardStep {
  return async (request, response, next) => {
    const place = placeOf(request);
    if (place === null) {
      next();
      return;
    }
    const back = `${board}/queue/${encodeURIComponent(place.queue)}/${encodeURIComponent(place.id)}`;
    if (!users.may('reveal')) refuse(response, 403, NO_RIGHT);
    else if (request.method === 'GET' || request.method === 'HEAD')
      page(response, 200, formPage(place, back));
    else if (request.method !== 'POST') refuse(response, 405, 'Send GET or POST.');
    else await answer(request, response, { place, back, by: users.id, reveal });
  };
}

interface Asked {
  readonly place: JobPlace;
  readonly back: string;
  readonly by: string;
  readonly reveal: Reveal;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { place, back, by, reveal }: Asked,
): Promise<void> {
  const reason = await readField(request, 'reason');
  try {
    const job = await reveal(place.queue, place.id, { by, reason });
    page(response, 200, jobPage(job, { by, reason }, back));
  } catch (error) {
    const status = STATUS[String(readProperty(error, 'code'))];
    if (!(error instanceof MessageQueueError) || status === undefined) throw error;
    page(response, status, formPage(place, back, { problem: error.message, reason }));
  }
}

function placeOf({ url = '' }: IncomingMessage): JobPlace | null {
  const [, queue = '', id = ''] = PATH.exec(url) ?? [];
  try {
    return queue === '' ? null : { queue: decodeURIComponent(queue), id: decodeURIComponent(id) };
  } catch {
    // No percent-encoding.
    return null;
  }
}

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

function page(response: ServerResponse, status: number, html: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.setHeader('Content-Security-Policy', POLICY);
  // So that the form says where it is sent from.
  response.setHeader('Referrer-Policy', 'same-origin');
  response.end(html);
}
