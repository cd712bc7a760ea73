import type { IncomingMessage } from 'node:http';
import { ForbiddenException, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { Operator } from '../../message-queue/operations/index.js';
import { PrincipalReader } from './principal-reader.js';

/** Lets whoever is signed in with the right `board` operate the queues: board, console and REST, and what the chat adds to it. */
@Injectable()
export class OperatorGuard implements CanActivate {
  constructor(private readonly reader: PrincipalReader) {}

  /** @throws UnauthorizedException, ForbiddenException */
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<IncomingMessage & { operator?: Operator }>();
    const { id: name, rights } = this.reader.read(request, undefined);
    if (!rights.includes('board')) {
      throw new ForbiddenException(
        'The queues are for people with the right "board": npm run chat-user -- --help.',
      );
    }
    request.operator = { name, role: 'operator' };
    return true;
  }
}
