import { Controller, Get, Inject } from '@nestjs/common';
import { LISTED_CONVERSATIONS } from './listed-conversation.js';
import type { ListedConversation } from './listed-conversation.js';

/** Which conversations there are to look at. */
@Controller('api/conversations')
export class ConversationsController {
  constructor(@Inject(LISTED_CONVERSATIONS) private readonly conversations: readonly ListedConversation[]) {}

  /** All of them, the one to begin with first. */
  @Get()
  list(): { items: readonly ListedConversation[] } {
    return { items: this.conversations };
  }
}
