import type { Route } from './route.js';
import { EVENT_SCHEMAS } from './schemas/event-schemas.js';
import { FLEET_SCHEMAS } from './schemas/fleet-schemas.js';
import { LETTER_SCHEMAS } from './schemas/letter-schemas.js';
import { OVERVIEW_SCHEMAS } from './schemas/overview-schemas.js';
import { ref } from './schemas/schema.js';
import type { Schema } from './schemas/schema.js';
import { schemaOf } from './shape.js';

/** What an error answers beside what a route says, by status. */
const ERRORS: Readonly<Record<number, string>> = {
  400: 'What was sent is wrong; `issues` lists every field.',
  401: 'Sign in.',
  403: 'Not allowed: by role, or because another site asks.',
  404: 'There is no such thing (any more).',
  409: 'It cannot be done to what is there now.',
  413: 'The body is too long.',
  415: 'Send application/json.',
  429: 'Too many, or a queue is full. Retry-After says when to try again.',
  503: 'The broker, or what it needs, is away. Retry-After says when to try again.',
};
/** Of the API, not of this package. */
const API_VERSION = '1';
const OF_CHANGES = [409, 413, 415, 429];
const MEANINGS: Readonly<Record<number, string>> = { 200: 'Done.', 202: 'Accepted.', 503: 'Not healthy.' };

/** All schemas by their names. */
export const SCHEMAS: Readonly<Record<string, Schema>> = {
  ...LETTER_SCHEMAS,
  ...FLEET_SCHEMAS,
  ...EVENT_SCHEMAS,
  ...OVERVIEW_SCHEMAS,
};

/**
 * The description of the API, as OpenAPI 3.1, made from the routes when it is asked for: where they are is known only then.
 * @param address where REST is, behind the global prefix
 */
export function openApi(routes: readonly Route[], address: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = `/${route.path.replace(/:(\w+)/g, '{$1}')}`;
    (paths[path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Message queues',
      version: API_VERSION,
      description:
        'What the console asks: everything that it shows and does. Errors are `application/problem+json` (RFC 9457).',
    },
    servers: [{ url: address }],
    paths,
    components: { schemas: SCHEMAS },
  };
}

function operationOf(route: Route): object {
  const { about, role, query, body, method, path } = route;
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name);
  const inPath = names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  const inQuery = Object.entries(query).map(([name, { schema, about: description, required = false }]) => {
    return { name, in: 'query', description, required, schema };
  });
  const content = body === null ? null : { 'application/json': { schema: schemaOf(body) } };
  return {
    operationId: `${method.toLowerCase()} ${path}`.replace(/[^a-z]+(\w)?/gi, (_, next: string = '') =>
      next.toUpperCase(),
    ),
    summary: about,
    'x-role': role,
    parameters: [...inPath, ...inQuery],
    ...(content !== null && { requestBody: { content } }),
    responses: responsesOf(route),
  };
}

function responsesOf({ answers, method }: Route): object {
  const told = Object.entries(answers).map(([status, schema]) => {
    const description = MEANINGS[Number(status)] ?? 'Done.';
    return [status, { description, content: { 'application/json': { schema } } }] as const;
  });
  const errors = Object.entries(ERRORS)
    .filter(([status]) => method !== 'GET' || !OF_CHANGES.includes(Number(status)))
    .filter(([status]) => answers[Number(status)] === undefined)
    .map(([status, description]) => {
      return [
        status,
        { description, content: { 'application/problem+json': { schema: ref('Problem') } } },
      ] as const;
    });
  return Object.fromEntries<object>([...told, ...errors]);
}
