import { Controller, Get } from '@nestjs/common';
import type { Principal } from '../sign-in/principal.js';
import { SignedIn } from '../sign-in/signed-in.guard.js';
import { ConversationList } from './conversation-list.js';
import type { ListedConversation } from './listed-conversation.js';

/** Which conversations there are to look at. */
@Controller('api/conversations')
export class ConversationsController {
  constructor(private readonly conversations: ConversationList) {}

  /** Those of whoever asks, the one to begin with first. */
  @Get()
  async list(@SignedIn() principal: Principal): Promise<{ items: readonly ListedConversation[] }> {
    return { items: await this.conversations.of(principal) };
  }
}
