import { Injectable } from '@nestjs/common';
import { UnrecoverableJobError } from '../message-queue/index.js';
import type {
  ChannelReceipt,
  OutgoingNotification,
  TransportMessage,
  TransportReceipt,
} from '../message-queue/index.js';
import {
  RecordingEmailChannel,
  RecordingMessageTransport,
} from '../message-queue/adapters/recording/index.js';

/** A transport whose line drops a few times for messages that the story names. */
@Injectable()
export class FlakyTransport extends RecordingMessageTransport {
  private readonly drops = new Map<string, number>();

  /** Makes the next `times` deliveries of a message fail. */
  dropNext(messageId: string, times: number): void {
    this.drops.set(messageId, times);
  }

  override async deliver(message: TransportMessage, signal: AbortSignal): Promise<TransportReceipt> {
    const left = this.drops.get(message.messageId) ?? 0;
    if (left > 0) {
      this.drops.set(message.messageId, left - 1);
      throw Object.assign(new Error('The line to the recipient dropped.'), { code: 'ECONNRESET' });
    }
    return super.deliver(message, signal);
  }
}

/** A mail server that rejects mailboxes until somebody sets them right. */
@Injectable()
export class StrictEmailChannel extends RecordingEmailChannel {
  private readonly unknownMailboxes = new Set<string>();

  /** Mail to this address is rejected from now on. */
  reject(address: string): void {
    this.unknownMailboxes.add(address);
  }

  /** Somebody fixed the address. */
  accept(address: string): void {
    this.unknownMailboxes.delete(address);
  }

  override async send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    if (this.unknownMailboxes.has(notification.destination)) {
      throw new UnrecoverableJobError('550 5.1.1 The mailbox does not exist.');
    }
    return super.send(notification, signal);
  }
}
