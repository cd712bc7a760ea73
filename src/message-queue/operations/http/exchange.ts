import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRecord } from '../../../kernel/values/kinds.js';
import type { CallOrigin } from '../../privacy/audit/call-origin.js';
import { keptFilter } from '../../privacy/audit/kept-filter.js';
import type { Visitor } from '../access/operator.js';
import { readBody } from './json-body.js';
import type { HttpStep, PlatformExchange } from './mount.js';

/** The longest body that is read where a part says nothing else, bytes. */
const LONGEST_BODY = 1_048_576;

/** One request to a part of the operations, and its answer. The door has let it in before a part sees it. */
export class Exchange {
  /** Of the request, as text came in: begins with `/`, without query, percent-encoding as it was sent. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Of a change: where what it does is written down. The door's. */
  origin: CallOrigin | null = null;
  /** Whether it only says what a change would do. */
  isPreview = false;
  #visitor: Visitor | undefined;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    /** As the host's platform knows them; on Express Node's own. */
    readonly platform: PlatformExchange = { request, response },
  ) {
    const [path, query] = splitOnce((request.url ?? '').split('#', 1)[0] ?? '', '?');
    this.path = path.startsWith('/') ? path : `/${path}`;
    this.query = new URLSearchParams(query);
  }

  /** The parts of the path below where it is mounted, decoded; a slash at the end changes nothing. Null where the encoding is none. */
  get segments(): readonly string[] | null {
    const parts = this.path.slice(1).split('/');
    if (parts.at(-1) === '') parts.pop();
    try {
      return parts.map((part) => decodeURIComponent(part));
    } catch {
      return null;
    }
  }

  get method(): string {
    return this.request.method ?? 'GET';
  }

  /** Whether it asks for a change: everything but GET, HEAD and OPTIONS. */
  get isChange(): boolean {
    return !['GET', 'HEAD', 'OPTIONS'].includes(this.method);
  }

  /** The client's address as the host's platform tells it: behind a proxy the one that the proxy names, where the host trusts it. */
  get address(): string {
    const { ip } = this.platform.request as { readonly ip?: unknown };
    return (typeof ip === 'string' && ip !== '' ? ip : this.request.socket.remoteAddress) ?? '';
  }

  /** Who asks. */
  get visitor(): Visitor {
    if (this.#visitor === undefined) throw new Error('Nobody has been let in.');
    return this.#visitor;
  }

  /** Whether somebody was let in. */
  get isLetIn(): boolean {
    return this.#visitor !== undefined;
  }

  /** The door's: says who it let in. */
  letIn(visitor: Visitor): void {
    this.#visitor = visitor;
  }

  /**
   * The body as JSON; undefined when there is none. The fields `reason` and `filter` of a change are written down with it. A body that the host's own parser has read is taken as it is.
   * @param limitBytes default 1 MiB
   * @throws BodyError: 400 no JSON, 408 slower than 10 s, 413 longer
   */
  async json(limitBytes: number = LONGEST_BODY): Promise<unknown> {
    const body = await readBody(this.request, limitBytes);
    if (this.origin !== null && isRecord(body)) {
      this.origin.reason = typeof body.reason === 'string' ? body.reason : null;
      this.origin.filter = keptFilter(body.filter);
    }
    return body;
  }

  /** Answers with JSON. */
  sendJson(status: number, body: unknown, type = 'application/json'): void {
    if (isRecord(body) && body.dryRun === true) this.isPreview = true;
    this.send(status, `${type}; charset=utf-8`, JSON.stringify(body));
  }

  /** Answers; to HEAD without the body. */
  send(status: number, type: string, body: string | Buffer): void {
    const { response } = this;
    if (response.headersSent || response.destroyed) return;
    response.statusCode = status;
    response.setHeader('Content-Type', type);
    response.setHeader('Content-Length', Buffer.byteLength(body));
    response.end(this.method === 'HEAD' ? undefined : body);
  }
}

/** Answers a request that was let in. @returns whether it did; false: there is no such path, and the host's own routes may have one */
export type ExchangeStep = (exchange: Exchange) => boolean | Promise<boolean>;

/** A step for what answers exchanges; a fault is the platform's to answer. */
export function stepOf(answer: ExchangeStep): HttpStep {
  return async (request, response, next, platform) => {
    try {
      if (!(await answer(new Exchange(request, response, platform)))) next();
    } catch (error) {
      next(error);
    }
  };
}

/** What a step answers, as an exchange is answered. */
export function answeredBy(step: HttpStep): ExchangeStep {
  return ({ request, response, platform }) =>
    new Promise((resolve, reject) => {
      const nobodyAnswered = (error?: unknown): void => {
        if (error === undefined || error === null) resolve(false);
        else reject(errorOf(error));
      };
      response.once('close', () => resolve(true));
      Promise.resolve(step(request, response, nobodyAnswered, platform)).catch(reject);
    });
}

/** Whatever the host's code threw. */
function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function splitOnce(text: string, at: string): [string, string] {
  const index = text.indexOf(at);
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}
