import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RevealCall, RevealedJob } from '../../../privacy/reveal/job-reveal.js';
import type { HttpStep } from '../../http/mount.js';
import type { BoardUsers } from '../board-users.js';
import { refuse } from '../../http/refuse.js';
import { problemOf, sendPage } from '../pages/page.js';
import { PostedForm } from '../pages/posted-form.js';
import { formPage, jobPage } from './reveal-pages.js';
import type { JobPlace } from './reveal-pages.js';

/** `/reveal/<queue>/<id>`, below the address of the board. */
const PATH = /^\/reveal\/([^/?#]+)\/([^/?#]+)\/?(?:[?#]|$)/;

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
export function revealStep(board: string, users: BoardUsers, reveal: Reveal): HttpStep {
  return async (request, response, next) => {
    const place = placeOf(request);
    if (place === null) {
      next();
      return;
    }
    const back = `${board}/queue/${encodeURIComponent(place.queue)}/${encodeURIComponent(place.id)}`;
    if (!users.may('reveal')) refuse(response, 403, NO_RIGHT);
    else if (request.method === 'GET' || request.method === 'HEAD')
      sendPage(response, 200, formPage(place, back));
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
  const reason = (await PostedForm.read(request)).text('reason');
  try {
    const job = await reveal(place.queue, place.id, { by, reason });
    sendPage(response, 200, jobPage(job, { by, reason }, back));
  } catch (error) {
    const { status, problem } = problemOf(error);
    sendPage(response, status, formPage(place, back, { problem, reason }));
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
