import type { Operator, OperatorRole } from '../access/operator.js';
import type { Schema } from './schemas/schema.js';
import type { RestServices } from './rest-services.js';
import type { Read, Shape } from './shape.js';

/** A request to a route, read and checked. */
export interface Asked<Query extends Shape = Shape, Body extends Shape = Shape> {
  /** The parts of the path that the route names, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Read<Query>;
  readonly body: Read<Body>;
  /** Who asks. */
  readonly by: Operator;
  /** @returns undefined where the request has no such header */
  readonly header: (name: string) => string | undefined;
}

/** What a route answers that is not simply 200. */
export class Reply {
  constructor(
    readonly status: number,
    readonly body: unknown,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {}
}

/** One route: everything that is known of it stands here, and its description is made from this. */
export interface Route<Query extends Shape = Shape, Body extends Shape = Shape> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below where REST is mounted; a part that begins with `:` is a name. */
  readonly path: string;
  readonly role: OperatorRole;
  /** What it does, in a sentence. */
  readonly about: string;
  readonly query: Query;
  /** Null: it takes none. */
  readonly body: Body | null;
  /** By status: what it answers. */
  readonly answers: Readonly<Record<number, Schema>>;
  /** @returns the answer of a 200, or a {@link Reply} */
  handle(asked: Asked<Query, Body>, services: RestServices): unknown;
}

/** What of a route may be left out where it is written. */
type Given<Query extends Shape, Body extends Shape> = Omit<
  Route<Query, Body>,
  'method' | 'path' | 'role' | 'query' | 'body' | 'answers'
> & {
  readonly query?: Query;
  readonly body?: Body;
  /** Of a 200. */
  readonly answer?: Schema;
  readonly answers?: Route['answers'];
};

// Nothing of this kind is taken.
type None = Readonly<Record<string, never>>;

function route(method: Route['method'], role: OperatorRole) {
  return <const Query extends Shape = None, const Body extends Shape = None>(
    path: string,
    { query, body, answer, answers, about, handle }: Given<Query, Body>,
  ): Route => {
    const all = { ...(answer !== undefined && { 200: answer }), ...answers };
    const made = { method, path, role, about, query: query ?? {}, body: body ?? null, answers: all, handle };
    return made as unknown as Route;
  };
}

/** A question. */
export const look = route('GET', 'viewer');
/** A change. */
export const act = route('POST', 'operator');
/** A removal. */
export const remove = route('DELETE', 'operator');
