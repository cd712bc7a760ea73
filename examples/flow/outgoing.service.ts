import { Injectable } from '@nestjs/common';
import { MessageQueueService } from 'nestjs-message-queue';
import type { JobReceipt } from 'nestjs-message-queue';
import { OUTGOING, REPORTS } from './outgoing.queue.js';
import type { OutgoingDto } from './outgoing.queue.js';

@Injectable()
export class OutgoingService {
  constructor(private readonly messageQueue: MessageQueueService) {}

  /** In its conversation's order, which its payload tells. */
  send(message: OutgoingDto): Promise<JobReceipt> {
    return this.messageQueue.enqueue(OUTGOING, 'send-message', message);
  }

  /** Tomorrow morning, and not at all if that is not possible within the hour. */
  remind(message: OutgoingDto, at: Date): Promise<JobReceipt> {
    const options = { deliverAt: at, expiresIn: 3_600_000 };
    return this.messageQueue.enqueue(OUTGOING, 'send-message', message, options);
  }

  /** Ordered by something else than its conversation. */
  text(message: OutgoingDto, phoneHash: string): Promise<JobReceipt> {
    return this.messageQueue.enqueue(OUTGOING, 'send-sms', message, { key: phoneHash });
  }

  /** Nothing more of a conversation starts. */
  async stop(conversationId: string, ticket: string): Promise<void> {
    await this.messageQueue.groups.pause(OUTGOING, { key: conversationId }, ticket);
  }

  async goOn(conversationId: string): Promise<void> {
    await this.messageQueue.groups.resume(OUTGOING, { key: conversationId });
  }

  /** What stands still for a dead letter goes on: with it, once what it failed for was repaired. @returns the conversations */
  async releaseAll(): Promise<string[]> {
    const { groups } = await this.messageQueue.groups.list(OUTGOING, { state: 'parked' });
    for (const { id } of groups) {
      await this.messageQueue.groups.release(OUTGOING, { key: id }, 'replay', { by: 'on-call' });
    }
    return groups.map(({ id }) => id);
  }

  /** One tenant may have four of its reports written at a time, until it is told otherwise. */
  async widen(tenantId: string, slots: number | null): Promise<void> {
    await this.messageQueue.groups.setSlots(REPORTS, { tenant: tenantId }, slots);
  }
}
