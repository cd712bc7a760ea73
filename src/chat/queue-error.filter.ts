import { Catch, HttpException } from '@nestjs/common';
import type { ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import type { Response } from 'express';
import { MessageQueueError, QueueFullError } from '../message-queue/index.js';

const BAD_REQUEST: ReadonlySet<string> = new Set([
  'INVALID_PAYLOAD',
  'INVALID_JOB_OPTIONS',
  'INVALID_CURSOR',
]);

/** Answers errors of the queues in words of HTTP: 400 for what the caller can mend, 503 for what passes by itself. */
@Catch(MessageQueueError)
export class QueueErrorFilter extends BaseExceptionFilter<MessageQueueError> {
  override catch(error: MessageQueueError, host: ArgumentsHost): void {
    if (error instanceof QueueFullError) {
      const seconds = String(Math.ceil(error.retryAfterMs / 1_000));
      host.switchToHttp().getResponse<Response>().setHeader('Retry-After', seconds);
    }
    const status = BAD_REQUEST.has(error.code) ? 400 : 503;
    super.catch(
      new HttpException({ statusCode: status, code: error.code, message: error.message }, status) as never,
      host,
    );
  }
}
