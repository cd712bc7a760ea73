import { SafeLogger } from '../../../../kernel/host/safe-logger.js';
import { errorCodesOf } from '../../../../kernel/logging/error-text.js';
import type { Clock } from '../../../../kernel/time/clock.js';
import type { DeviceFeed, DeviceId, FeedKind, FeedPlace } from '../../../ports/messages/device-feed.js';
import type { MessageStore } from '../../../ports/messages/message-store.js';
import type { StatusAnnouncement } from '../../../ports/messages/message-transport.js';
import { parseDeviceAnswers } from './device-words.js';

/** What a transport keeps of devices in. */
export interface DeviceStores {
  readonly feed: DeviceFeed;
  /** The store whose messages the feed shows. */
  readonly messages: MessageStore;
  readonly clock: Clock;
}

/** Writes down what devices have to learn and what they have. */
export class DeviceUpdates {
  private readonly logger = new SafeLogger('SocketIoTransport');
  readonly feed: DeviceFeed;

  /** @param announce tells a sender of a status */
  constructor(
    private readonly stores: DeviceStores,
    private readonly announce: (announcement: StatusAnnouncement, signal: AbortSignal) => Promise<void>,
  ) {
    this.feed = stores.feed;
  }

  now(): Date {
    return new Date(this.stores.clock.now());
  }

  note(
    personId: string,
    kind: FeedKind,
    { messageId, conversationId }: { readonly messageId: string; readonly conversationId: string },
    signal: AbortSignal,
  ): Promise<FeedPlace | null> {
    return this.feed.note({ personId, kind, messageId, conversationId, at: this.now() }, signal);
  }

  /** A device is there. @returns from where on it gets what it missed */
  async greet(device: DeviceId, position: number | null, signal: AbortSignal): Promise<number> {
    const greeting = await this.feed.greet(device, position, this.now(), signal);
    if (greeting.isNew) await this.bringRecalls(device.personId, signal);
    await this.noteSent(device.personId, greeting.reached, signal);
    return greeting.position;
  }

  /**
   * Notes which devices have acknowledged an event. What cannot be noted comes to them again when they are back, and they drop it.
   * @param settled the message whose status the caller moves itself
   */
  async acknowledged(
    personId: string,
    answers: readonly unknown[],
    settled: string | null,
    signal: AbortSignal,
  ): Promise<void> {
    const positions = parseDeviceAnswers(answers).map((answer) => ({ personId, ...answer }));
    if (positions.length === 0) return;
    try {
      const reached = await this.feed.acknowledge(positions, this.now(), signal);
      await this.noteSent(
        personId,
        reached.filter((messageId) => messageId !== settled),
        signal,
      );
    } catch (error) {
      signal.throwIfAborted();
      this.logger.warn(`Could not note what devices have: ${errorCodesOf(error)}`);
    }
  }

  /** A device has what was pending: it was sent. */
  private async noteSent(
    recipientId: string,
    messageIds: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const { messages } = this.stores;
    for (const messageId of messageIds) {
      const change = { messageId, recipientId, status: 'sent', at: this.now() } as const;
      if ((await messages.advanceStatus(change, signal)) !== 'advanced') continue;
      const message = await messages.find(messageId, signal);
      if (message === null) continue;
      const { conversationId, senderId } = message;
      await this.announce({ ...change, conversationId, senderId }, signal);
    }
  }

  /** What was recalled before the person had a device that we know. */
  private async bringRecalls(personId: string, signal: AbortSignal): Promise<void> {
    const { messages } = this.stores;
    for (;;) {
      const { items } = await messages.listRecalled(personId, { limit: 100 }, signal);
      if (items.length === 0) return;
      for (const notice of items) {
        await this.note(personId, 'recall', notice, signal);
        await messages.confirmRecalled(notice.messageId, personId, signal);
      }
    }
  }
}
