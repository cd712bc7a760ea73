import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Catch, HttpException } from '@nestjs/common';
import type { ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import type { Response } from 'express';

/** Where errors are problem details (RFC 9457), as those of the library's own routes there. */
const QUEUE_API = /^\/api\/queue(\/|$|\?)/;
const PROBLEM = 'application/problem+json; charset=utf-8';

interface ErrorBody {
  readonly message?: string | readonly string[];
  readonly code?: string;
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
}

/** Answers errors of the chat as Nest does, and those of `/api/queue` as `application/problem+json`. */
@Catch()
export class ProblemFilter extends BaseExceptionFilter {
  override catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<IncomingMessage & { readonly originalUrl?: string }>();
    const isProblem = host.getType() === 'http' && QUEUE_API.test(request.originalUrl ?? '');
    // Whatever else is thrown is logged, and the answer says nothing of it.
    if (isProblem && error instanceof HttpException) answer(error, host.switchToHttp().getResponse());
    else super.catch(error, host);
  }
}

function answer(error: HttpException, response: Response): void {
  if (response.headersSent) return;
  const status = error.getStatus();
  const given = error.getResponse();
  const { message = error.message, code, issues }: ErrorBody = typeof given === 'string' ? {} : given;
  const title = STATUS_CODES[status] ?? 'Error';
  response
    .status(status)
    .type(PROBLEM)
    .send(
      JSON.stringify({
        ...{ type: 'about:blank', title, status, detail: [message].flat().join('; ') },
        code: code ?? title.toUpperCase().replaceAll(/\W+/g, '_'),
        ...(issues && { issues }),
      }),
    );
}
