import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { MessageQueueModule } from '../message-queue/index.js';
import { AnnouncementsController } from './announcements.controller.js';
import { AnnouncementsService } from './announcements.service.js';
import { ChatPageController } from './chat-page.controller.js';
import { CHAT_PROCESSORS, CHAT_QUEUES } from './chat-queues.js';
import { ChatController } from './chat.controller.js';
import { ChatGateway } from './chat.gateway.js';
import { ChatService } from './chat.service.js';
import { Confirmations } from './confirmations.js';
import { PendingMessages } from './pending-messages.js';
import { QueueCountsController } from './queue-counts.controller.js';
import { QueueErrorFilter } from './queue-error.filter.js';
import { UnreadableBodyFilter } from './unreadable-body.filter.js';

/** A small chat as a host would write it: REST, sockets, one page. */
@Module({
  imports: CHAT_QUEUES.map((queue) => MessageQueueModule.registerQueue(queue)),
  controllers: [ChatController, AnnouncementsController, QueueCountsController, ChatPageController],
  providers: [
    AnnouncementsService,
    ChatGateway,
    ChatService,
    Confirmations,
    PendingMessages,
    ...CHAT_PROCESSORS,
    { provide: APP_FILTER, useClass: QueueErrorFilter },
    { provide: APP_FILTER, useClass: UnreadableBodyFilter },
  ],
})
export class ChatModule {}
