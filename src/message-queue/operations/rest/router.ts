import type { Exchange } from '../http/exchange.js';
import { openedCursor, sealedCursor } from './cursor.js';
import { InvalidRequestError, MethodNotAllowedError } from './request-errors.js';
import { Reply } from './route.js';
import type { Route } from './route.js';
import type { RestServices } from './rest-services.js';
import { readBodyOf, readQuery } from './shape.js';
import type { Shape } from './shape.js';

/** A route that a path leads to. */
interface Found {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** The longest body, bytes: a payload may be as long as a queue allows. */
const LONGEST_BODY = 16 * 1_048_576;

/** Finds the route of a request, reads what it takes, and seals its cursors. */
export class Router {
  readonly #routes: readonly (readonly [parts: readonly string[], route: Route])[];

  constructor(
    routes: readonly Route[],
    private readonly services: () => RestServices,
  ) {
    this.#routes = routes.map((route) => [route.path === '' ? [] : route.path.split('/'), route]);
  }

  /** Whether there is a route of this path, whatever its method. */
  knows(segments: readonly string[]): boolean {
    return this.#routes.some(([parts]) => matchOf(parts, segments) !== null);
  }

  /**
   * The answer to a request.
   * @throws InvalidRequestError, MethodNotAllowedError, BodyError; what the route throws
   */
  async answer(exchange: Exchange, segments: readonly string[]): Promise<Reply> {
    const { route, params } = this.#find(exchange.method, segments);
    const question = questionOf(route, params, exchange.query);
    const query = withCursor(readQuery(exchange.query, route.query), route.query, question);
    const body = route.body === null ? {} : readBodyOf(await exchange.json(LONGEST_BODY), route.body);
    const header = (name: string): string | undefined => {
      const value = exchange.request.headers[name];
      return Array.isArray(value) ? value[0] : value;
    };
    const asked = { params, query, body, by: exchange.visitor, header };
    const answer = await route.handle(asked, this.services());
    const reply = answer instanceof Reply ? answer : new Reply(200, answer);
    return 'cursor' in route.query ? sealed(reply, question) : reply;
  }

  /** Something was changed: what is asked next is seen anew. */
  forget(): void {
    this.services().overviews.forget();
  }

  #find(method: string, segments: readonly string[]): Found {
    const asked = method === 'HEAD' ? 'GET' : method;
    const allowed = new Set<string>();
    for (const [parts, route] of this.#routes) {
      const params = matchOf(parts, segments);
      if (params === null) continue;
      if (route.method === asked) return { route, params };
      allowed.add(route.method);
    }
    throw new MethodNotAllowedError([...allowed]);
  }
}

function matchOf(parts: readonly string[], segments: readonly string[]): Record<string, string> | null {
  if (parts.length !== segments.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? '';
    if (part.startsWith(':') && segment !== '') params[part.slice(1)] = segment;
    else if (part !== segment) return null;
  }
  return params;
}

/** What was asked, but for where to go on and how many to give. */
function questionOf(route: Route, params: Found['params'], query: URLSearchParams): string {
  const asked = [...query].filter(([name]) => name !== 'cursor' && name !== 'limit').sort();
  return JSON.stringify([route.path, params, asked]);
}

function withCursor<Query extends object>(query: Query, shape: Shape, question: string): Query {
  if (!('cursor' in shape) || !('cursor' in query)) return query;
  const cursor = openedCursor(String(query.cursor), question);
  if (cursor !== null) return { ...query, cursor };
  const message = 'must be the `cursor` of an answer to the same question';
  throw new InvalidRequestError('The query is wrong:', [{ path: 'cursor', message }]);
}

function sealed({ status, body, headers }: Reply, question: string): Reply {
  const { cursor } = body as { readonly cursor?: unknown };
  if (typeof cursor !== 'string') return new Reply(status, body, headers);
  return new Reply(status, { ...(body as object), cursor: sealedCursor(cursor, question) }, headers);
}
