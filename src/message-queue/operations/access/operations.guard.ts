import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpException, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { changeRefusal } from '../http/change-refusal.js';
import { Exchange } from '../http/exchange.js';
import { OperationsModule } from '../operations.module.js';
import type { Refused } from './admission.js';
import type { Operator } from './operator.js';

/** A request of Express, or one of Fastify with Node's own in it. */
type PlatformRequest = (IncomingMessage | { readonly raw: IncomingMessage }) & { operator?: Operator };
type PlatformResponse = ServerResponse | { readonly raw: ServerResponse };

/**
 * Lets whoever may use the operations use routes of the host's own, on the same terms: operators all, viewers GET and HEAD, another web site
 * nothing. Sets `request.operator`. For `@UseGuards(OperationsGuard)`.
 */
@Injectable()
export class OperationsGuard implements CanActivate {
  constructor(private readonly moduleRef: ModuleRef) {}

  /** @throws HttpException with `{ statusCode, code, message }` that says why somebody is not let in, and what to do */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<PlatformRequest>();
    const response = http.getResponse<PlatformResponse>();
    const ownRequest = 'raw' in request ? request.raw : request;
    const ownResponse = 'raw' in response ? response.raw : response;
    const foreign = changeRefusal(ownRequest);
    if (foreign !== null) {
      throw refusal({ status: foreign.status, code: 'OTHER_SITE', detail: foreign.reason }, ownResponse);
    }
    const exchange = new Exchange(ownRequest, ownResponse, { request, response });
    const access = this.moduleRef.get(OperationsModule, { strict: false }).accessTo('This part');
    const admission = await access.ask(exchange);
    if (admission === 'answered') return false;
    if ('refused' in admission) throw refusal(admission.refused, ownResponse);
    const { name, role } = admission.visitor;
    if (exchange.isChange && role !== 'operator') {
      const detail = 'You may look and change nothing: your role is viewer.';
      throw refusal({ status: 403, code: 'VIEWER', detail }, ownResponse);
    }
    request.operator = { name, role };
    return true;
  }
}

function refusal({ status, code, detail, headers = {} }: Refused, response: ServerResponse): HttpException {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  return new HttpException({ statusCode: status, code, message: detail }, status);
}
