import { SocketIoTransport } from '../message-queue/adapters/socket-io/index.js';
import type { TransportMessage, TransportReceipt } from '../message-queue/index.js';

/** Socket.IO over a line that drops a few times for messages that the story names. */
export class FlakyTransport extends SocketIoTransport {
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
