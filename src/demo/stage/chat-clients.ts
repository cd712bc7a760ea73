import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import type { MessageClient } from '../../message-queue/adapters/socket-io/client/index.js';

const CONNECT_DEADLINE_MS = 10_000;

/** The people of the story at their devices: real sockets with the client that the library ships. */
export class ChatClients {
  private readonly sockets: Socket[] = [];
  private readonly clients: MessageClient[] = [];
  private readonly received = new Set<string>();

  /**
   * @param cookieOf the cookie of somebody who has signed in at an address
   * @param isOurs whether a message is of this run; others may have waited in a database that was used before
   */
  constructor(
    private readonly cookieOf: (userId: string, url: string) => string,
    private readonly isOurs: (conversationId: string) => boolean,
  ) {}

  /** Messages of this run that reached a device, repeats apart. */
  get receivedCount(): number {
    return this.received.size;
  }

  /** Whether the server has noted everything that devices confirmed. */
  get areConfirmed(): boolean {
    return this.clients.every(({ unconfirmed }) => unconfirmed === 0);
  }

  /** Connects one device per user. @param reads whether these users read what they get at once */
  async connect(url: string, userIds: readonly string[], reads: boolean): Promise<void> {
    // An ES module for browsers; this program is CommonJS.
    const { MessageClient } = await import('../../message-queue/adapters/socket-io/client/index.js');
    await Promise.all(
      userIds.map(async (userId) => {
        const cookie = this.cookieOf(userId, url);
        const socket = io(url, { extraHeaders: { cookie }, transports: ['websocket'], forceNew: true });
        const client: MessageClient = new MessageClient(socket, {
          onMessage: ({ messageId, conversationId }) => {
            if (this.isOurs(conversationId)) this.received.add(`${userId} ${messageId}`);
            if (reads) client.markRead(messageId);
          },
        });
        this.sockets.push(socket);
        this.clients.push(client);
        await connected(socket);
      }),
    );
  }

  /** Connects one more device of somebody, who reads nothing on it. */
  async connectSecond(url: string, userId: string): Promise<SecondDevice> {
    const { MessageClient } = await import('../../message-queue/adapters/socket-io/client/index.js');
    const cookie = this.cookieOf(userId, url);
    const socket = io(url, { extraHeaders: { cookie }, transports: ['websocket'], forceNew: true });
    const messageIds: string[] = [];
    const client = new MessageClient(socket, {
      onMessage: ({ messageId, conversationId }) => {
        if (this.isOurs(conversationId)) messageIds.push(messageId);
      },
    });
    this.sockets.push(socket);
    this.clients.push(client);
    await connected(socket);
    return new SecondDevice(client.deviceId, messageIds, socket);
  }

  /** Everybody goes home. */
  close(): void {
    for (const client of this.clients) client.close();
    for (const socket of this.sockets) socket.disconnect();
  }
}

/** Another device of somebody, which is away for a while. */
export class SecondDevice {
  constructor(
    readonly id: string,
    /** What it got, in order. */
    readonly messageIds: readonly string[],
    private readonly socket: Socket,
  ) {}

  /** Its battery is empty. */
  leave(): void {
    this.socket.disconnect();
  }

  /** @throws Error when it cannot connect */
  async comeBack(): Promise<void> {
    this.socket.connect();
    await connected(this.socket);
  }
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`A chat client could not connect within ${CONNECT_DEADLINE_MS} ms.`));
    }, CONNECT_DEADLINE_MS);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
