import { Catch, HttpException } from '@nestjs/common';
import type { ArgumentsHost } from '@nestjs/common';
import type { Response } from 'express';
import { CircuitOpenError, MessageQueueError, QueueFullError } from '../../message-queue/index.js';
import { ProblemFilter } from './problem.filter.js';

/** What does not pass by itself, most of it for the caller to fix; everything else passes by itself and is 503. */
const STATUS: Readonly<Record<string, number>> = {
  INVALID_PAYLOAD: 400,
  INVALID_JOB_OPTIONS: 400,
  INVALID_CURSOR: 400,
  JOB_NOT_FOUND: 404,
  IDEMPOTENCY_CONFLICT: 409,
  JOB_STATE: 409,
  // Nobody who calls can change that: the app has no store of data keys.
  SHREDDING_UNAVAILABLE: 501,
};
const RETRY_AFTER_MS = 2_000;

/** Answers errors of queues and stores in words of HTTP: 4xx for what the caller can fix, 501 for what this app cannot do, else 503 with Retry-After. */
@Catch(MessageQueueError)
export class QueueErrorFilter extends ProblemFilter {
  override catch(error: MessageQueueError, host: ArgumentsHost): void {
    const { code, message } = error;
    const statusCode = STATUS[code] ?? 503;
    if (statusCode === 503) {
      const seconds = String(Math.ceil(retryAfterMs(error) / 1_000));
      host.switchToHttp().getResponse<Response>().setHeader('Retry-After', seconds);
    }
    const issues = (error as { readonly issues?: unknown }).issues;
    super.catch(
      new HttpException({ statusCode, code, message, ...(issues !== undefined && { issues }) }, statusCode),
      host,
    );
  }
}

function retryAfterMs(error: MessageQueueError): number {
  const isKnown = error instanceof QueueFullError || error instanceof CircuitOpenError;
  return isKnown ? error.retryAfterMs : RETRY_AFTER_MS;
}
