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

/** A message that this user has sent, from this device or another. */
export interface SentMessage extends Omit<ReceivedMessage, 'recipientId'> {
  /** At most 100. */
  readonly recipientIds: readonly string[];
}

/** A message that this user has read, on this device or another. */
export interface ReadMessage {
  readonly messageId: string;
  readonly conversationId: string;
}

/** Where a device keeps its id: `localStorage` (one device per browser profile), `sessionStorage` (one per tab), or anything like them. */
export interface DeviceStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
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
  /**
   * A message, once per id however often it comes, and what came while this device was away before what is new. Confirmed as delivered when it
   * returns; not when it throws: it comes again then, before anything that is newer, and is left out when it has thrown five times.
   */
  readonly onMessage: (message: ReceivedMessage) => void;
  /** A message of this user, from whichever device, once per id. Its `onStatus` come after it. */
  readonly onOwnMessage?: (message: SentMessage) => void;
  readonly onStatus?: (status: ReceivedStatus) => void;
  /** This user has read a message, on whichever device. */
  readonly onRead?: (read: ReadMessage) => void;
  /** An in-app notification, once per id. The inbox has it too, and those that came while this user was away. */
  readonly onNotification?: (notification: ReceivedNotification) => void;
  /**
   * A message was recalled: stop showing it, also when it is this user's own. Once per id; also of messages that never came. Acknowledged when
   * it returns; not when it throws. `onMessage` does not get the message any more.
   */
  readonly onRecall?: (recall: ReceivedRecall) => void;
  readonly onConnection?: (isConnected: boolean) => void;
  /** One of these threw: what it got is not acknowledged, and comes again. Default: console.error. */
  readonly onError?: (error: unknown) => void;
  /**
   * Which of the user's devices this is: 1 to 64 letters, digits, dots, hyphens and underscores, the same for the life of the device and of
   * no two that are open at once. Default: what `storage` keeps.
   */
  readonly deviceId?: string;
  /** Keeps the id of this device over reloads. Default none: each client is a device of its own, and starts with what is pending. */
  readonly storage?: DeviceStorage;
  /** How many message ids are remembered to drop repeats. Default 5 000. */
  readonly rememberedIds?: number;
  /** How long the server may take to record a confirmation before it is sent again, milliseconds. Default 5 000. */
  readonly replyTimeoutMs?: number;
}

/**
 * The browser's side of SocketIoTransport: tells the server after each connect which device it is and what it has, takes what it missed in
 * order, hands on each message once, acknowledges it, confirms `delivered` and `read`, and keeps
 * confirmations until the server has recorded them, over reconnections. Connecting again is the socket's own (socket.io-client).
 */
export declare class MessageClient {
  /** Make it before the socket connects, or right after. @throws TypeError for a `deviceId` that cannot be one */
  constructor(socket: ClientSocket, options: MessageClientOptions);
  /** Which of the user's devices this is. */
  readonly deviceId: string;
  /** Confirms that the user has seen a message; a second call does nothing. */
  markRead(messageId: string): void;
  /** Confirmations that the server has not recorded yet. */
  readonly unconfirmed: number;
  /** Stops listening. The socket stays open. */
  close(): void;
}
