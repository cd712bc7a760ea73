import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CanActivate, Type } from '@nestjs/common';

interface MiddlewareShape {
  // A method, so that middlewares written for Express' own request and response types fit too.
  handle(request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): unknown;
}

/** A middleware over Node's own request and response, on Express its own, that lets a request pass by calling `next()`, or answers it. */
export type BoardMiddleware = MiddlewareShape['handle'];

/**
 * Who may use the board: a Nest guard (its class, resolved from the app when it is a provider there, or an instance),
 * or a middleware.
 */
export type BoardAccess = BoardMiddleware | CanActivate | Type<CanActivate>;

/** One payload or text of a job as the board is about to show it. */
export interface BoardJobView {
  readonly queue: string;
  readonly job: string;
  readonly id: string;
  readonly data: unknown;
  readonly returnValue: unknown;
}

/** Settings of the board: `forRoot({ board })`. */
export interface BoardOptions {
  /** Default true. */
  readonly enabled?: boolean;
  /**
   * Where it is, behind the app's global prefix unless that excludes this path; versions of the API do not apply.
   * Default `/admin/queues`.
   */
  readonly path?: string;
  /**
   * Who may use it. Default: in development and tests requests from this machine, elsewhere nobody.
   * `basicAuthAccess({ username, password })` is at hand.
   */
  readonly access?: BoardAccess;
  /**
   * Replaces what must not be seen: called for each job shown, returns what is shown instead. Whatever it throws hides
   * the payload. Default: everything is shown.
   */
  readonly redact?: (view: BoardJobView) => Partial<Pick<BoardJobView, 'data' | 'returnValue'>>;
  /** Characters of JSON of a payload or result that are shown; longer ones are cut. Default 10 000. */
  readonly maxPayloadChars?: number;
  /** Default "Message queues". */
  readonly title?: string;
}
