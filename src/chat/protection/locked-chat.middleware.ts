import { ForbiddenException, Injectable } from '@nestjs/common';
import type { NestMiddleware } from '@nestjs/common';
import { ChatLock } from './chat-lock.js';

/** Answers every request to a locked chat with 403. */
@Injectable()
export class LockedChatMiddleware implements NestMiddleware {
  constructor(private readonly lock: ChatLock) {}

  use(_request: unknown, _response: unknown, next: () => void): void {
    if (this.lock.refusal !== undefined) throw new ForbiddenException(this.lock.refusal);
    next();
  }
}
