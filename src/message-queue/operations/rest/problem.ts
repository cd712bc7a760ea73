import { STATUS_CODES } from 'node:http';
import { IssuesError, MessageQueueError } from '../../../kernel/errors.js';
import { BodyError } from '../http/json-body.js';
import { QueueFullError } from '../../jobs/errors.js';
import type { Problem } from './answers.js';
import { MethodNotAllowedError } from './request-errors.js';

/** What a client is told of an error, and the headers that go with it. */
export interface ToldProblem {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
}

/** What our errors mean to a client. One that is not here is a fault of this app: its client learns nothing more. */
const STATUS_OF: Readonly<Record<string, number>> = {
  INVALID_REQUEST: 400,
  INVALID_PAYLOAD: 400,
  INVALID_JOB_OPTIONS: 400,
  INVALID_AUDIT_ENTRY: 400,
  NEWER_PAYLOAD: 400,
  UNKNOWN_QUEUE: 404,
  UNKNOWN_JOB_NAME: 404,
  JOB_NOT_FOUND: 404,
  SCHEDULE_NOT_FOUND: 404,
  OPERATION_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  JOB_STATE: 409,
  MORE_MATCHED: 409,
  IDEMPOTENCY_CONFLICT: 409,
  UNSUPPORTED_OPERATION: 409,
  ERASED: 409,
  SCOPE_SHREDDED: 409,
  QUEUE_FULL: 429,
  BROKER_UNAVAILABLE: 503,
  ENQUEUE_TIMEOUT: 503,
  AUDIT_UNAVAILABLE: 503,
  KEY_UNAVAILABLE: 503,
  CIRCUIT_OPEN: 503,
};

const BODY_CODES = { 400: 'INVALID_JSON', 408: 'BODY_TOO_SLOW', 413: 'BODY_TOO_LARGE' } as const;
/** When to ask again where the broker, or what it needs, is away, seconds. */
const RETRY_AFTER_S = 5;
const SAFE_AGAIN = 'Whether it was done is not known; the same call again is safe.';

/** What a client is told; null for a fault of this app. */
export function problemOf(error: unknown): ToldProblem | null {
  if (error instanceof BodyError) {
    return told(error.status, BODY_CODES[error.status], error.message);
  }
  if (!(error instanceof MessageQueueError)) return null;
  const status = STATUS_OF[error.code];
  if (status === undefined) return null;
  const detail = detailOf(error);
  if (error instanceof IssuesError) return told(status, error.code, detail, { issues: error.issues });
  if (error instanceof MethodNotAllowedError) {
    return told(status, error.code, detail, {}, { Allow: error.allowed.join(', ') });
  }
  const retryAfter = retryAfterOf(error, status);
  return told(status, error.code, detail, {}, retryAfter === null ? {} : { 'Retry-After': retryAfter });
}

function told(
  status: number,
  code: string,
  detail: string,
  further: Pick<Problem, 'issues'> = {},
  headers: ToldProblem['headers'] = {},
): ToldProblem {
  const title = STATUS_CODES[status] ?? 'Error';
  return { problem: { type: 'about:blank', title, status, detail, code, ...further }, headers };
}

/** The headline: what is wrong with each field stands beside it. */
function detailOf(error: MessageQueueError): string {
  const [headline = ''] = error.message.split('\n', 1);
  const text = headline.replace(/:$/, '.');
  return error.code === 'ENQUEUE_TIMEOUT' && !text.includes('safe') ? `${text} ${SAFE_AGAIN}` : text;
}

function retryAfterOf(error: MessageQueueError, status: number): string | null {
  if (error instanceof QueueFullError) return String(Math.max(1, Math.ceil(error.retryAfterMs / 1_000)));
  return status === 503 ? String(RETRY_AFTER_S) : null;
}
