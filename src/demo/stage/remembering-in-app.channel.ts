import { SocketIoInAppChannel } from '../../message-queue/adapters/socket-io/index.js';
import type { ChannelReceipt, OutgoingNotification } from '../../message-queue/ports/index.js';

/** Notifies over the sockets and remembers what it sent, for the table. */
export class RememberingInAppChannel extends SocketIoInAppChannel {
  readonly outbox: { readonly sent: OutgoingNotification[] } = { sent: [] };

  override async send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    const receipt = await super.send(notification, signal);
    this.outbox.sent.push(notification);
    return receipt;
  }
}
