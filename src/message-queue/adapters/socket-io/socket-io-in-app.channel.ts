import { InAppChannel } from '../../ports/notifications/notification-channel.js';
import type { ChannelReceipt, OutgoingNotification } from '../../ports/notifications/notification-channel.js';
import type { SocketIoTransport } from './socket-io.transport.js';
import { SocketEvent, toSocketNotification } from './socket-protocol.js';

/**
 * Shows in-app notifications to the open apps of their recipient, over the sockets of {@link SocketIoTransport}. `offline` when
 * none of them acknowledges: the inbox has it, so it is not tried again. A repeat after a crash carries the same id, and the
 * browser client drops it.
 */
export class SocketIoInAppChannel extends InAppChannel {
  constructor(private readonly transport: SocketIoTransport) {
    super();
  }

  override async send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    const { recipientId } = notification;
    const shown = toSocketNotification(notification);
    const acknowledged = await this.transport.askUser(recipientId, SocketEvent.NOTIFICATION, shown, signal);
    return { outcome: acknowledged > 0 ? 'sent' : 'offline' };
  }
}
