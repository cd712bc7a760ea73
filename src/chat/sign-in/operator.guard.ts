import type { IncomingMessage } from 'node:http';
import { ForbiddenException, Inject, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { MESSAGE_QUEUE_CONFIG } from '../../message-queue/index.js';
import type { MessageQueueConfig } from '../../message-queue/index.js';
import { isFromThisMachine, opensUnlocked } from '../../message-queue/operations/index.js';
import { People } from './people/people.js';
import { PrincipalReader } from './principal-reader.js';

/**
 * Lets operators of the queues pass: whoever is signed in with the right `board`; where people are made up, this machine.
 */
@Injectable()
export class OperatorGuard implements CanActivate {
  constructor(
    private readonly reader: PrincipalReader,
    private readonly people: People,
    @Inject(MESSAGE_QUEUE_CONFIG) private readonly config: MessageQueueConfig,
  ) {}

  /** @throws UnauthorizedException, ForbiddenException */
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<IncomingMessage>();
    if (this.people.way !== 'password') {
      if (opensUnlocked(this.config.environment) && isFromThisMachine(request)) return true;
      throw new ForbiddenException(
        'The queues are operated from this machine itself, with NODE_ENV=development.',
      );
    }
    if (this.reader.read(request, undefined).rights.includes('board')) return true;
    throw new ForbiddenException('That is for people with the right "board": npm run chat-user -- --help.');
  }
}
