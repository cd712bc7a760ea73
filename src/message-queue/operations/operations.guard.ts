import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpException, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Exchange } from './http/exchange.js';
import { refuseAsProblem } from './access/doors/refusals.js';
import type { Refused } from './access/admission.js';
import type { Door } from './access/doors/door.js';
import { Doors } from './access/doors/doors.js';
import type { Operator } from './access/operator.js';

/** A request of Express, or one of Fastify with Node's own in it. */
type PlatformRequest = (IncomingMessage | { readonly raw: IncomingMessage }) & { operator?: Operator };
type PlatformResponse = ServerResponse | { readonly raw: ServerResponse };

/**
 * Lets whoever may use the operations use routes of the host's own, on the same terms: operators all, viewers GET and HEAD, another web site
 * nothing; 60 changes a minute, and each is in the list of what operators did. Sets `request.operator`. For `@UseGuards(OperationsGuard)`.
 */
@Injectable()
export class OperationsGuard implements CanActivate {
  #made: Door | undefined;

  constructor(private readonly moduleRef: ModuleRef) {}

  /** @throws HttpException with `{ statusCode, code, message }` that says why somebody is not let in, and what to do */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<PlatformRequest>();
    const response = http.getResponse<PlatformResponse>();
    const ownRequest = 'raw' in request ? request.raw : request;
    const ownResponse = 'raw' in response ? response.raw : response;
    const exchange = new Exchange(ownRequest, ownResponse, { request, response });
    const refused = await this.#door().admit(exchange);
    if (refused === 'answered') return false;
    if (refused !== null) throw refusal(refused, ownResponse);
    const { name, role } = exchange.visitor;
    request.operator = { name, role };
    return true;
  }

  #door(): Door {
    const doors = this.moduleRef.get(Doors, { strict: false });
    return (this.#made ??= doors.door({
      ...{ via: 'app', access: doors.method({ name: 'This part', user: 'local' }) },
      refuse: refuseAsProblem,
    }));
  }
}

function refusal({ status, code, detail, headers = {} }: Refused, response: ServerResponse): HttpException {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  return new HttpException({ statusCode: status, code, message: detail }, status);
}
