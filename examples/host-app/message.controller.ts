import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { MessageQueueService, QueueName } from 'nestjs-message-queue';
import type { JobReceipt, JobStatus } from 'nestjs-message-queue';
import { MessageService } from './message.service.js';

@Controller('messages')
export class MessageController {
  constructor(
    private readonly messages: MessageService,
    private readonly messageQueue: MessageQueueService,
  ) {}

  @Post()
  @HttpCode(202)
  send(@Body() { from, to, text }: { from: string; to: string; text: string }): Promise<JobReceipt> {
    return this.messages.send({
      messageId: randomUUID(),
      senderId: from,
      recipientId: to,
      conversationId: `${from}-${to}`,
      content: text,
      createdAt: new Date(),
    });
  }

  @Get('jobs/:id')
  status(@Param('id') jobId: string): Promise<JobStatus> {
    return this.messageQueue.getJobStatus(QueueName.MESSAGE_DELIVERY, jobId);
  }
}
