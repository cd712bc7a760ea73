import {
  Body,
  Controller,
  DefaultValuePipe,
  Get,
  HttpCode,
  Param,
  ParseIntPipe,
  Post,
  Query,
} from '@nestjs/common';
import type { Page, SearchHit, StoredMessage } from '../message-queue/index.js';
import { ChatService } from './chat.service.js';
import type { AcceptedMessage } from './chat.service.js';
import { ConversationFeed } from './conversation-feed.js';
import type { FeedEvent } from './conversation-feed.js';
import { SendMessageDto } from './send-message.dto.js';
import { STRICT } from './strict-body.js';

const MAX_PAGE = 100;

/** The chat's REST interface. */
@Controller('api')
export class ChatController {
  constructor(
    private readonly chat: ChatService,
    private readonly feed: ConversationFeed,
  ) {}

  /** Accepts a message: 202 with the ids of the jobs that will deliver it. */
  @Post('messages')
  @HttpCode(202)
  send(@Body(STRICT) message: SendMessageDto): Promise<AcceptedMessage> {
    return this.chat.send(message);
  }

  /** A conversation, newest first, at most 100 messages a page. */
  @Get('conversations/:id/messages')
  listConversation(
    @Param('id') conversationId: string,
    @Query('limit', new DefaultValuePipe(50), ParseIntPipe) limit: number,
    @Query('cursor') cursor?: string,
  ): Promise<Page<StoredMessage>> {
    return this.chat.listConversation(conversationId, Math.min(Math.max(limit, 1), MAX_PAGE), cursor);
  }

  /** Full-text search with highlights. */
  @Get('search')
  search(
    @Query('q', new DefaultValuePipe('')) text: string,
    @Query('conversationId') conversationId?: string,
    @Query('cursor') cursor?: string,
  ): Promise<Page<SearchHit>> {
    return this.chat.search(text, conversationId, cursor);
  }

  /** What the app's own queues have processed lately. */
  @Get('feed')
  latest(): FeedEvent[] {
    return this.feed.latest();
  }
}
