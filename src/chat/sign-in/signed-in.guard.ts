import { createParamDecorator, Injectable, SetMetadata } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import type { Principal } from './principal.js';
import { ACTING_AS, PrincipalReader } from './principal-reader.js';

interface SignedInRequest extends Request {
  principal?: Principal;
}

const PUBLIC = 'nestjs-message-queue:chat-public';

/** A route that anybody may call. All others ask for a principal. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(PUBLIC, true);

/** Gives a handler the principal who calls it. */
export const SignedIn = createParamDecorator((_data: unknown, context: ExecutionContext): Principal => {
  const { principal } = context.switchToHttp().getRequest<SignedInRequest>();
  if (principal === undefined) throw new Error('A route that is public has no principal.');
  return principal;
});

/** Lets nobody call a route who is not signed in, unless the route says `@Public()`. Sockets signed in at their handshake. */
@Injectable()
export class SignedInGuard implements CanActivate {
  constructor(
    private readonly reader: PrincipalReader,
    private readonly reflector: Reflector,
  ) {}

  /** @throws UnauthorizedException, ForbiddenException, BadRequestException */
  canActivate(context: ExecutionContext): boolean {
    if (context.getType() === 'ws') return true;
    const route = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, route) === true) return true;
    const request = context.switchToHttp().getRequest<SignedInRequest>();
    request.principal = this.reader.read(request, request.headers[ACTING_AS]);
    return true;
  }
}
