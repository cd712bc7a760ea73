import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { JobPriority, MessageQueueService } from '../../src/message-queue/index.js';
import { MessageQueueTestingModule, MessageQueueTestKit } from '../../src/message-queue/testing/index.js';

/** A host's service that sends messages. */
@Injectable()
export class MessageService {
  constructor(private readonly messageQueue: MessageQueueService) {}

  async send(id: string, options: { delay?: number } = {}): Promise<void> {
    await this.messageQueue.addMessageDeliveryJob(
      {
        messageId: id,
        senderId: 'ada',
        recipientId: 'grace',
        conversationId: 'c1',
        content: 'Hello!',
        createdAt: new Date('2026-01-01T00:00:00Z'),
      },
      { priority: JobPriority.HIGH, ...options },
    );
  }
}

/** An app on the test kit, with the service. */
export async function startTestKit(): Promise<{
  app: TestingModule;
  kit: MessageQueueTestKit;
  service: MessageService;
}> {
  const app = await Test.createTestingModule({
    imports: [MessageQueueTestingModule.register()],
    providers: [MessageService],
  }).compile();
  await app.init();
  return { app, kit: app.get(MessageQueueTestKit), service: app.get(MessageService) };
}
