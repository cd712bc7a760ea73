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
  /** Client to server: {@link SocketConfirmation}; answered with {@link ConfirmationReply}. */
  CONFIRM: 'message_confirm',
} as const;

/** A message as it goes over the socket. */
export interface SocketMessage {
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

/** The progress of a message, as its sender is told. */
export interface SocketStatus {
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
export interface SocketRecall {
  readonly messageId: string;
  readonly conversationId: string;
}

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
