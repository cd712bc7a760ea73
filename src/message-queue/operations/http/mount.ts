import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpServer } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { refuse } from './refuse.js';

/** A middleware over Node's own request and response (on Express, Express's own) that lets a request pass by calling `next()`, or answers it. */
export type HttpMiddleware = MiddlewareShape['handle'];

interface MiddlewareShape {
  // A method, so that middlewares written for Express' own request and response types fit too.
  handle(request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): unknown;
}

/** A request and its answer as the host's platform knows them, for guards. */
export interface PlatformExchange {
  readonly request: unknown;
  readonly response: unknown;
}

/** A middleware that is told what the platform's request is; on Express that is Node's own. */
export type HttpStep = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
  platform?: PlatformExchange,
) => unknown;

/** Chains steps into one: nothing reaches a later step past an earlier one. */
export function inOrder(steps: readonly (HttpStep | HttpMiddleware)[]): HttpStep {
  return (request, response, next, platform) => {
    const pass = (index: number): void => {
      const step = steps[index];
      if (step === undefined) {
        next();
        return;
      }
      const goOn = (error?: unknown): void => {
        if (error === undefined || error === null) pass(index + 1);
        else next(error);
      };
      try {
        void Promise.resolve(step(request, response, goOn, platform)).catch(next);
      } catch (error) {
        next(error);
      }
    };
    pass(0);
  };
}

/** Where something is mounted: behind the app's global prefix, like every route, unless the prefix excludes its path. */
export function mountedAddress(app: ApplicationConfig, path: string): string {
  const route = joined(path);
  const { exclude = [] } = app.getGlobalPrefixOptions();
  const isExcluded = exclude.some(({ pathRegex }) => pathRegex.test(route));
  return isExcluded ? route : joined(app.getGlobalPrefix(), path);
}

/**
 * Puts something into the web server of the app.
 * @param isExact whether it answers for the address alone, and not for what is below it
 * @returns false on a platform that is neither Express nor Fastify
 */
export function mountAt(
  server: HttpServer,
  address: string,
  mounted: HttpStep,
  { isExact = false } = {},
): boolean {
  switch (server.getType()) {
    case 'express':
      // Express calls what it mounts with three arguments.
      (server.getInstance() as ExpressApp).use(address, (request, response, next) => {
        if (isExact && !/^\/?(?:[?#]|$)/.test(request.url ?? '')) next();
        else mounted(request, response, next);
      });
      return true;
    case 'fastify':
      mountOnFastify(server.getInstance() as FastifyScope, address, mounted, isExact ? ['/'] : ['/', '/*']);
      return true;
    default:
      return false;
  }
}

interface ExpressApp {
  use(path: string, handler: HttpMiddleware): void;
}

interface FastifyReply {
  readonly raw: ServerResponse;
  hijack(): void;
}

interface FastifyScope {
  register(
    plugin: (scope: FastifyScope, options: object, done: () => void) => void,
    options: { readonly prefix: string },
  ): void;
  removeAllContentTypeParsers(): void;
  addContentTypeParser(
    type: string,
    parse: (request: unknown, payload: unknown, done: (error: null) => void) => void,
  ): void;
  all(path: string, handler: (request: { readonly raw: IncomingMessage }, reply: FastifyReply) => void): void;
}

/** A scope of its own: the host's parsers, views and static files are not touched, and what is mounted reads its bodies itself. */
function mountOnFastify(
  app: FastifyScope,
  address: string,
  mounted: HttpStep,
  paths: readonly string[],
): void {
  const plugin: Parameters<FastifyScope['register']>[0] = (scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null));
    for (const path of paths) {
      scope.all(path, (request, reply) => {
        reply.hijack();
        const { raw } = request;
        const own = (raw.url ?? '').slice(address.length);
        raw.url = own.startsWith('/') ? own : `/${own}`;
        const nobodyAnswered = (error?: unknown): void => {
          if (error === undefined) refuse(reply.raw, 404, 'There is no such page.');
          else refuse(reply.raw, 500, 'That failed.');
        };
        mounted(raw, reply.raw, nobodyAnswered, { request, response: reply });
      });
    }
    done();
  };
  app.register(plugin, { prefix: address });
}

function joined(...paths: readonly string[]): string {
  const segments = paths.flatMap((path) => path.split('/')).filter((segment) => segment !== '');
  return `/${segments.join('/')}`;
}
