import { Module } from '@nestjs/common';
import type { DynamicModule, MiddlewareConsumer, NestModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { MessageQueueModule } from '../message-queue/index.js';
import { AnnouncementsController } from './announcements/announcements.controller.js';
import { AnnouncementsService } from './announcements/announcements.service.js';
import { ChatPageController } from './chat-page.controller.js';
import { CHAT_PROCESSORS, CHAT_QUEUES } from './queues/chat-queues.js';
import { ConversationsController } from './messages/conversations.controller.js';
import { LISTED_CONVERSATIONS, NEIGHBOURS } from './messages/listed-conversation.js';
import type { ListedConversation } from './messages/listed-conversation.js';
import { ChatLock } from './protection/chat-lock.js';
import { LockedChatMiddleware } from './protection/locked-chat.middleware.js';
import { MessagesController } from './messages/messages.controller.js';
import { ChatGateway } from './sockets/chat.gateway.js';
import { MessagesService } from './messages/messages.service.js';
import { SecurityHeaders } from './protection/security-headers.js';
import { Confirmations } from './sockets/confirmations.js';
import { PendingMessages } from './sockets/pending-messages.js';
import { QueueCountsController } from './queues/queue-counts.controller.js';
import { QueueErrorFilter } from './input/queue-error.filter.js';
import { UnreadableBodyFilter } from './input/unreadable-body.filter.js';

/** A small chat as a host would write it: REST, sockets, one page. */
@Module({
  imports: CHAT_QUEUES.map((queue) => MessageQueueModule.registerQueue(queue)),
  controllers: [
    ...[MessagesController, ConversationsController, AnnouncementsController],
    ...[QueueCountsController, ChatPageController],
  ],
  providers: [
    AnnouncementsService,
    ChatGateway,
    ChatLock,
    MessagesService,
    Confirmations,
    PendingMessages,
    SecurityHeaders,
    ...CHAT_PROCESSORS,
    { provide: APP_FILTER, useClass: QueueErrorFilter },
    { provide: APP_FILTER, useClass: UnreadableBodyFilter },
  ],
})
export class ChatModule implements NestModule {
  /** @param conversations what the page shows before the conversation of the two neighbours */
  static register(conversations: readonly ListedConversation[]): DynamicModule {
    const listed = [...conversations, NEIGHBOURS];
    return { module: ChatModule, providers: [{ provide: LISTED_CONVERSATIONS, useValue: listed }] };
  }

  configure(consumer: MiddlewareConsumer): void {
    // The board has a lock of its own.
    consumer.apply(LockedChatMiddleware).exclude('admin/queues', 'admin/queues/{*path}').forRoutes('{*path}');
  }
}
