import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import type { Page, SearchHit, StoredMessage } from '../../message-queue/ports/index.js';
import { MessagesService } from './messages.service.js';
import type { AcceptedMessage, RecalledMessage } from './messages.service.js';
import { ConversationQuery } from './conversation.query.js';
import { IdPipe } from '../input/id.pipe.js';
import { SearchQuery } from './search.query.js';
import type { Principal } from '../sign-in/principal.js';
import { SignedIn } from '../sign-in/signed-in.guard.js';
import { SendMessageDto } from './send-message.dto.js';
import { STRICT } from '../input/strict.pipe.js';

/** Messages over REST, for members of their conversations. */
@Controller('api')
export class MessagesController {
  constructor(private readonly chat: MessagesService) {}

  /** Accepts a message: 202 with the ids of the jobs that will deliver it. */
  @Post('messages')
  @HttpCode(202)
  send(@SignedIn() sender: Principal, @Body(STRICT) message: SendMessageDto): Promise<AcceptedMessage> {
    return this.chat.send(sender, message);
  }

  /** Recalls a message of one's own, for everybody: says how many had it, and how many devices were told. */
  @Delete('messages/:id')
  recall(@SignedIn() sender: Principal, @Param('id', IdPipe) messageId: string): Promise<RecalledMessage> {
    return this.chat.recall(sender, messageId);
  }

  /** A conversation, newest first. */
  @Get('conversations/:id/messages')
  listConversation(
    @SignedIn() reader: Principal,
    @Param('id', IdPipe) conversationId: string,
    @Query(STRICT) { limit, cursor }: ConversationQuery,
  ): Promise<Page<StoredMessage>> {
    return this.chat.listConversation(reader, conversationId, limit, cursor);
  }

  /** Full-text search with highlights, within a conversation or all of the reader's. */
  @Get('search')
  search(
    @SignedIn() reader: Principal,
    @Query(STRICT) { q, conversationId, cursor }: SearchQuery,
  ): Promise<Page<SearchHit>> {
    return this.chat.search(reader, q, conversationId, cursor);
  }
}
