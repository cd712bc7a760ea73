import type { IncomingMessage } from 'node:http';
import { ForbiddenException, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { PrincipalReader } from './principal-reader.js';

/** Shows the board to whoever is signed in with the right `board`. */
@Injectable()
export class BoardGuard implements CanActivate {
  constructor(private readonly reader: PrincipalReader) {}

  /** @throws UnauthorizedException, ForbiddenException */
  canActivate(context: ExecutionContext): boolean {
    const principal = this.reader.read(context.switchToHttp().getRequest<IncomingMessage>(), undefined);
    if (principal.rights.includes('board')) return true;
    throw new ForbiddenException(
      'The board is for people with the right "board": npm run chat-user -- --help.',
    );
  }
}
