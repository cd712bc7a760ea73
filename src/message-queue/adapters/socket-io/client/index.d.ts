/** The part of a socket.io-client socket that the client uses. */
export interface ClientSocket {
  readonly connected: boolean;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  timeout(milliseconds: number): { emit(event: string, ...args: unknown[]): unknown };
}

/** A received message. */
export interface ReceivedMessage {
  readonly messageId: string;
  readonly senderId: string;
  readonly recipientId: string;
  readonly conversationId: string;
  /** Text, or a sealed envelope when `encrypted`. */
  readonly content: string;
  readonly encrypted: boolean;
  readonly attachments: readonly {
    readonly id: string;
    readonly fileName: string;
    readonly contentType: string;
    readonly sizeBytes: number;
    readonly url?: string;
  }[];
  /** ISO 8601. */
  readonly createdAt: string;
}

/** How far a message of this user has come with one recipient. */
export interface ReceivedStatus {
  readonly messageId: string;
  readonly conversationId: string;
  readonly recipientId: string;
  readonly status: 'pending' | 'sent' | 'delivered' | 'read' | 'failed';
  /** ISO 8601. */
  readonly at: string;
}

/** Something new in this user's inbox. */
export interface ReceivedNotification {
  readonly notificationId: string;
  readonly title: string;
  readonly body: string;
  /** The message it is about. */
  readonly messageId?: string;
}

/** A message that was recalled, by its sender or by who runs the app. */
export interface ReceivedRecall {
  readonly messageId: string;
  readonly conversationId: string;
}

/** What a {@link MessageClient} reports. */
export interface MessageClientOptions {
  /** A message, once per id however often it comes. Confirmed as delivered when it returns; not when it throws. */
  readonly onMessage: (message: ReceivedMessage) => void;
  readonly onStatus?: (status: ReceivedStatus) => void;
  /** An in-app notification, once per id. The inbox has it too, and those that came while this user was away. */
  readonly onNotification?: (notification: ReceivedNotification) => void;
  /**
   * A message was recalled: stop showing it, also when it is this user's own. Once per id; also of messages that never came. Acknowledged when
   * it returns; not when it throws. `onMessage` does not get the message any more.
   */
  readonly onRecall?: (recall: ReceivedRecall) => void;
  readonly onConnection?: (isConnected: boolean) => void;
  /** `onMessage` or `onRecall` threw: what it got is not acknowledged, and comes again. Default: console.error. */
  readonly onError?: (error: unknown) => void;
  /** How many message ids are remembered to drop repeats. Default 5 000. */
  readonly rememberedIds?: number;
  /** How long the server may take to record a confirmation before it is sent again, milliseconds. Default 5 000. */
  readonly replyTimeoutMs?: number;
}

/**
 * The browser's side of SocketIoTransport: hands on each message once, acknowledges it, confirms `delivered` and `read`, and keeps
 * confirmations until the server has recorded them, over reconnections. Connecting again is the socket's own (socket.io-client).
 */
export declare class MessageClient {
  constructor(socket: ClientSocket, options: MessageClientOptions);
  /** Confirms that the user has seen a message; a second call does nothing. */
  markRead(messageId: string): void;
  /** Confirmations that the server has not recorded yet. */
  readonly unconfirmed: number;
  /** Stops listening. The socket stays open. */
  close(): void;
}
