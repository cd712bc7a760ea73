import { Module } from '@nestjs/common';
import { MessageQueueModule } from '../message-queue/index.js';
import { CHAT_PROCESSORS, CHAT_QUEUES } from './chat-queues.js';
import { ChatController } from './chat.controller.js';
import { ChatService } from './chat.service.js';
import { ConversationFeed } from './conversation-feed.js';

/** A small chat as a host would write it. */
@Module({
  imports: CHAT_QUEUES.map((queue) => MessageQueueModule.registerQueue(queue)),
  controllers: [ChatController],
  providers: [ConversationFeed, ChatService, ...CHAT_PROCESSORS],
})
export class ChatModule {}
