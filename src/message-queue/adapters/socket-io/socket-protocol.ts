import type { AttachmentReference } from '../../ports/attachments/attachment-reference.js';
import type { DeliveryStatus } from '../../ports/messages/delivery-status.js';
import type { StatusAnnouncement, TransportMessage } from '../../ports/messages/message-transport.js';
import type { OutgoingNotification } from '../../ports/notifications/notification-channel.js';

/** Names of the events that go over the socket. */
export const SocketEvent = {
  /** Server to client: {@link SocketMessage}. The client acknowledges the event itself when it has the message. */
  MESSAGE: 'message',
  /** Server to client: {@link SocketStatus}, for the ticks of what the client's user has sent. */
  STATUS: 'message_status',
  /** Server to client: {@link SocketNotification}. The client acknowledges the event itself. */
  NOTIFICATION: 'notification',
  /** Server to client: {@link SocketRecall}. The client acknowledges the event itself when it no longer shows the message. */
  RECALLED: 'message-recalled',
  /** Server to client: {@link SocketOwnMessage}, what the client's user has sent from whichever device. The client acknowledges the event itself. */
  OWN_MESSAGE: 'own_message',
  /** Server to client: {@link SocketRead}, what the client's user has read on whichever device. */
  READ: 'message_read',
  /** Server to client, without payload: the server has what devices missed, and waits for `SYNC`. */
  FEED: 'device_feed',
  /** Client to server: {@link SyncRequest}, which device it is and what it has; answered with {@link SyncReply}. Again until nothing is left. */
  SYNC: 'device_sync',
  /** Client to server: {@link SocketConfirmation}; answered with {@link ConfirmationReply}. */
  CONFIRM: 'message_confirm',
} as const;

/** What stands in the feed of the client's user. */
export interface InFeed {
  /** Where: the next whole number after that of what came before. Absent: the feed did not know the user's devices yet. */
  readonly position?: number;
}

/** A message as it goes over the socket. */
export interface SocketMessage extends InFeed {
  /** The same in every repeat: clients drop what they have seen. */
  readonly messageId: string;
  readonly senderId: string;
  readonly recipientId: string;
  readonly conversationId: string;
  /** Text, or a MessageCipher envelope when `encrypted`. */
  readonly content: string;
  readonly encrypted: boolean;
  readonly attachments: readonly AttachmentReference[];
  /** ISO 8601. */
  readonly createdAt: string;
}

/** A message that the client's user has sent. */
export interface SocketOwnMessage extends Omit<SocketMessage, 'recipientId'> {
  /** At most 100, when there are more. */
  readonly recipientIds: readonly string[];
}

/** That the client's user has read a message. */
export interface SocketRead extends InFeed {
  readonly messageId: string;
  readonly conversationId: string;
}

/** The progress of a message, as its sender is told. */
export interface SocketStatus extends InFeed {
  readonly messageId: string;
  readonly conversationId: string;
  readonly recipientId: string;
  readonly status: DeliveryStatus;
  /** ISO 8601. */
  readonly at: string;
}

/** An in-app notification as it goes over the socket; the inbox has it too. */
export interface SocketNotification {
  /** The same in every repeat, and in the inbox: clients drop what they have seen. */
  readonly notificationId: string;
  readonly title: string;
  readonly body: string;
  /** The message it is about. */
  readonly messageId?: string;
}

/** A message that was recalled: whoever shows it stops. */
export interface SocketRecall extends InFeed {
  readonly messageId: string;
  readonly conversationId: string;
}

/** Which device a client is. Whose it is follows from the socket, never from this. */
export interface SyncRequest {
  /** 1 to 64 letters, digits, dots, hyphens and underscores; the same for the life of the device. */
  readonly deviceId: string;
  /** Up to where it has everything; absent: it does not know. */
  readonly position?: number;
}

/** What acknowledges `MESSAGE`, `OWN_MESSAGE` and `RECALLED`: which device, and up to where it has everything. */
export type DeviceAnswer = Required<SyncRequest>;

/** Something that a device missed, as it would have come. */
export interface SyncItem {
  readonly event: string;
  readonly payload: InFeed;
}

/** What comes next for a device. `false`: asking again cannot help. */
export type SyncReply =
  | {
      readonly ok: true;
      /** Where the items begin. */
      readonly from: number;
      readonly items: readonly SyncItem[];
      /** Up to where the device has everything after these items. */
      readonly position: number;
      readonly hasMore: boolean;
    }
  | { readonly ok: false; readonly error: string };

/** What a client says about a message it received. Whose copy it is follows from the socket, never from the payload. */
export interface SocketConfirmation {
  readonly messageId: string;
  readonly status: 'delivered' | 'read';
  /** When it happened, ISO 8601. */
  readonly occurredAt?: string;
}

/** `false`: it was refused for good, and `error` says why; sending it again cannot help. */
export type ConfirmationReply = { readonly ok: true } | { readonly ok: false; readonly error: string };

/** The wire form of a message. */
export function toSocketMessage(message: TransportMessage): SocketMessage {
  const { messageId, senderId, recipientId, conversationId, content, encrypted, attachments } = message;
  return {
    ...{ messageId, senderId, recipientId, conversationId, content, encrypted, attachments },
    createdAt: message.createdAt.toISOString(),
  };
}

/** The wire form of a message for its sender's devices. */
export function toSocketOwnMessage(
  message: Omit<TransportMessage, 'recipientId'>,
  recipientIds: readonly string[],
): SocketOwnMessage {
  const { recipientId: _recipientId, ...own } = toSocketMessage({ ...message, recipientId: '' });
  return { ...own, recipientIds: recipientIds.slice(0, 100) };
}

/** The wire form of a status. */
export function toSocketStatus(announcement: StatusAnnouncement): SocketStatus {
  const { messageId, conversationId, recipientId, status, at } = announcement;
  return { messageId, conversationId, recipientId, status, at: at.toISOString() };
}

/** The wire form of a notification. */
export function toSocketNotification(notification: OutgoingNotification): SocketNotification {
  const { notificationId, title, body, messageId } = notification;
  return { notificationId, title, body, ...(messageId !== undefined && { messageId }) };
}
