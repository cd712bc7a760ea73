import type { CanActivate, Type } from '@nestjs/common';
import { code, flag, isRecord, matching, text, wholeNumber } from '../../../kernel/values/kinds.js';
import type { GivenOptions, ReadOptions } from '../../../kernel/values/options.js';
import { setting } from '../../../kernel/values/setting.js';
import type { BoardRight } from '../access/operator.js';
import type { HttpMiddleware } from '../http/mount.js';

/** A middleware over Node's own request and response (on Express, Express's own) that lets a request pass by calling `next()`, or answers it. */
export type BoardMiddleware = HttpMiddleware;

/**
 * Who may use the board: a Nest guard (its class, resolved from the app when it is a provider there, or an instance),
 * or a middleware.
 */
export type BoardAccess = BoardMiddleware | CanActivate | Type<CanActivate>;

/** Somebody who may use the board. */
export interface BoardPrincipal {
  /** Stands in the audit, and in the history of jobs that they replay; 1 to 200 characters. */
  readonly id: string;
  /** Default: none. */
  readonly rights?: readonly BoardRight[];
}

interface PrincipalShape {
  // A method, so that functions written for a platform's own request type fit too.
  read(request: object): BoardPrincipal | null | undefined;
}

/** Tells who a request comes from, once `access` has let it pass: null for nobody in particular. */
export type BoardPrincipalReader = PrincipalShape['read'];

/** One payload or text of a job as the board is about to show it. */
export interface BoardJobView {
  readonly queue: string;
  readonly job: string;
  readonly id: string;
  readonly data: unknown;
  readonly returnValue: unknown;
  /** The text of its last error; absent where it has none. */
  readonly error?: string;
}

const isGuard = (value: unknown): boolean => isRecord(value) && 'canActivate' in value;

/** Settings of the board: `forRoot({ board })`. */
export const BOARD_OPTIONS = {
  /** Default true. */
  enabled: setting(flag(), { default: true }),
  /**
   * Where it is, behind the app's global prefix unless that excludes this path; versions of the API do not apply.
   * Default `/admin/queues`.
   */
  path: setting(matching('a path such as "/admin/queues"', /./), { default: '/admin/queues' }),
  /**
   * Who may use the board, in place of those who may use the operations; it lets operators in. Default: `operations.access`.
   * `basicAuthAccess({ username, password })` is available.
   */
  access: setting(code<BoardAccess>('a guard or a middleware', isGuard), {}),
  /**
   * Who it is that `access` let in, and what else they may: called with each request as a guard gets it (on Express and for a middleware, Node's own).
   * Default: the operator whom `operations.access` named or the user of `basicAuthAccess`, else nobody in particular, `board`, without rights.
   */
  principal: setting(code<BoardPrincipalReader>('a function of the request'), {}),
  /**
   * Replaces what must not be seen, on the board, in REST and on the console: called for each job shown, returns what is shown instead. Where it
   * returns another text of the error, stacks are left out. Whatever it throws hides the payload and the error. It is asked about a job that is revealed too. Default: everything is shown.
   */
  redact: setting(
    code<(view: BoardJobView) => Partial<Pick<BoardJobView, 'data' | 'returnValue' | 'error'>>>(
      'a function of the job that is shown',
    ),
    {},
  ),
  /** Characters of JSON of a payload or result that are shown; longer ones are cut. Default 10 000. */
  maxPayloadChars: setting(wholeNumber(0, 1_000_000_000, 'characters'), { default: 10_000 }),
  /** Default "Message queues". */
  title: setting(text(), { default: 'Message queues' }),
};

/** Settings of the board: `forRoot({ board })`. */
export interface BoardOptions extends GivenOptions<typeof BOARD_OPTIONS> {}

/** What the board needs to know. */
export interface BoardSettings extends ReadOptions<typeof BOARD_OPTIONS> {}
