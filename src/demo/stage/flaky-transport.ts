import { SocketIoTransport } from '../../message-queue/adapters/socket-io/index.js';
import type { SocketIoTransportOptions } from '../../message-queue/adapters/socket-io/index.js';
import type { PublicationSeal, TransportMessage, TransportReceipt } from '../../message-queue/ports/index.js';

/** How many deliveries of a message fail before the first works, by message id. */
export type LineDrops = Readonly<Record<string, number>>;

/** Socket.IO over a line that drops a few times for messages that the story names. */
export class FlakyTransport extends SocketIoTransport {
  private readonly left: Map<string, number>;

  constructor(options: SocketIoTransportOptions, seal: PublicationSeal, drops: LineDrops) {
    super(options, seal);
    this.left = new Map(Object.entries(drops));
  }

  override async deliver(message: TransportMessage, signal: AbortSignal): Promise<TransportReceipt> {
    const left = this.left.get(message.messageId) ?? 0;
    if (left > 0) {
      this.left.set(message.messageId, left - 1);
      throw Object.assign(new Error('The line to the recipient dropped.'), { code: 'ECONNRESET' });
    }
    return super.deliver(message, signal);
  }
}
