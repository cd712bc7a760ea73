import { Inject, Injectable } from '@nestjs/common';
import { MESSAGE_QUEUE_CONFIG } from '../../message-queue/index.js';
import type { MessageQueueConfig } from '../../message-queue/index.js';
import { opensUnlocked } from '../../message-queue/operations/index.js';

/**
 * Whom the chat lets in. It does not ask who its callers are, so anybody where NODE_ENV is `development` or `test`, and nobody
 * elsewhere.
 */
@Injectable()
export class ChatLock {
  /** Why nobody gets in; undefined where anybody does. */
  readonly refusal: string | undefined;

  constructor(@Inject(MESSAGE_QUEUE_CONFIG) { environment }: MessageQueueConfig) {
    if (opensUnlocked(environment)) return;
    this.refusal =
      'The chat is closed: it does not ask who its callers are. To try it where nobody else can reach it, set NODE_ENV=development.';
  }
}
