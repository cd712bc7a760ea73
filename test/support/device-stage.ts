import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import {
  InMemoryDeviceFeed,
  InMemoryMessages,
  InMemoryMessageStore,
} from '../../src/message-queue/adapters/in-memory/index.js';
import { MessageClient } from '../../src/message-queue/adapters/socket-io/client/index.js';
import type { MessageClientOptions } from '../../src/message-queue/adapters/socket-io/client/index.js';
import type {
  DeviceStores,
  SocketIoTransport,
  SocketIoTransportOptions,
} from '../../src/message-queue/adapters/socket-io/index.js';
import { RetryLater } from '../../src/message-queue/index.js';
import { SystemClock } from '../../src/message-queue/ports/index.js';
import type { MessageForRecipient, TransportReceipt } from '../../src/message-queue/ports/index.js';
import { SocketWebServer } from './socket-web-server.js';

const never = new AbortController().signal;

/** A user's device with the client that browsers get; what it was told, in order. */
export class StagedDevice {
  readonly told: string[] = [];
  readonly socket: Socket;
  readonly client: MessageClient;

  constructor(url: string, userId: string, deviceId: string, options: Partial<MessageClientOptions> = {}) {
    this.socket = io(url, {
      ...{ auth: { userId }, transports: ['websocket'], forceNew: true },
      ...{ reconnectionDelay: 20, reconnectionDelayMax: 20 },
    });
    this.client = new MessageClient(this.socket, {
      deviceId,
      onMessage: ({ messageId }) => this.told.push(messageId),
      onOwnMessage: ({ messageId }) => this.told.push(`own ${messageId}`),
      onStatus: ({ messageId, status }) => this.told.push(`${status} ${messageId}`),
      onRead: ({ messageId }) => this.told.push(`seen ${messageId}`),
      onRecall: ({ messageId }) => this.told.push(`recalled ${messageId}`),
      onError: () => undefined,
      replyTimeoutMs: 300,
      ...options,
    });
  }

  close(): void {
    this.client.close();
    this.socket.disconnect();
  }
}

/** Web servers that share the stores in memory, their devices, and what a worker does with a message. */
export class DeviceStage {
  readonly data = new InMemoryMessages();
  readonly messages = new InMemoryMessageStore(this.data);
  readonly feed = new InMemoryDeviceFeed(this.data);
  readonly stores: DeviceStores = { feed: this.feed, messages: this.messages, clock: new SystemClock() };
  private readonly ends: (() => unknown)[] = [];
  private sent = 0;

  web(options: SocketIoTransportOptions = {}): SocketWebServer {
    const server = new SocketWebServer({ ackTimeoutMs: 500, ...options }, null, this.stores);
    // What a host's gateway does with confirmations, in small.
    server.io.on('connection', (socket) => {
      socket.on('message_confirm', (_body: unknown, answer: (reply: object) => void) => answer({ ok: true }));
    });
    this.atEnd(() => server.close());
    return server;
  }

  async device(
    server: SocketWebServer,
    userId: string,
    deviceId: string,
    options: Partial<MessageClientOptions> = {},
  ): Promise<StagedDevice> {
    const made = new StagedDevice(await server.listen(), userId, deviceId, options);
    this.atEnd(() => made.close());
    return made;
  }

  /** Resolves when the server knows the device. */
  async known(userId: string, ...deviceIds: string[]): Promise<boolean> {
    const known = await this.feed.listDevices(userId);
    return deviceIds.every((id) => known.some(({ deviceId }) => deviceId === id));
  }

  /** What the delivery processor does: stores the message, hands it on, notes and tells its status. */
  async send(
    transport: SocketIoTransport,
    messageId: string,
    fields: Partial<MessageForRecipient> = {},
  ): Promise<TransportReceipt | null> {
    const message = this.message(messageId, fields);
    await this.messages.save(message, never);
    const receipt = await transport.deliver(message, new AbortController().signal).catch((error: unknown) => {
      if (error instanceof RetryLater) return null;
      throw error;
    });
    if (receipt?.outcome === 'sent') await this.advance(transport, message, 'sent');
    return receipt;
  }

  /** What a worker does while nobody is there. */
  async note(messageId: string): Promise<void> {
    await this.messages.save(this.message(messageId), never);
    const note = {
      personId: 'ben',
      kind: 'message',
      messageId,
      conversationId: 'c1',
      at: new Date(),
    } as const;
    await this.feed.note(note, never);
  }

  async advance(
    transport: SocketIoTransport,
    { messageId, recipientId = 'ben' }: { messageId: string; recipientId?: string },
    status: 'sent' | 'read',
  ): Promise<void> {
    const at = new Date();
    const change = { messageId, recipientId, status, at };
    if ((await this.messages.advanceStatus(change, never)) !== 'advanced') return;
    const { signal } = new AbortController();
    await transport.announceStatus({ ...change, conversationId: 'c1', senderId: 'ada' }, signal);
  }

  private message(messageId: string, fields: Partial<MessageForRecipient> = {}): MessageForRecipient {
    this.sent += 1;
    return {
      ...{
        messageId,
        senderId: 'ada',
        recipientId: 'ben',
        conversationId: 'c1',
        content: `Text of ${messageId}`,
      },
      ...{ encrypted: false, attachments: [], batchId: null, createdAt: new Date(Date.now() + this.sent) },
      ...fields,
    };
  }

  atEnd(end: () => unknown): void {
    this.ends.push(end);
  }

  async clear(): Promise<void> {
    for (const end of this.ends.splice(0).reverse()) await end();
  }
}
