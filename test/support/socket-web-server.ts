import { createServer } from 'node:http';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { SocketEvent, SocketIoTransport } from '../../src/message-queue/adapters/socket-io/index.js';
import type {
  DeviceStores,
  SocketIoTransportOptions,
  SocketMessage,
} from '../../src/message-queue/adapters/socket-io/index.js';
import type { PublicationSeal } from '../../src/message-queue/ports/index.js';

/** A web process in small: an HTTP server with Socket.IO, its users in their rooms. */
export class SocketWebServer {
  readonly io: Server;
  readonly transport: SocketIoTransport;
  readonly clients: Socket[] = [];
  private readonly http: HttpServer = createServer();

  constructor(
    options: SocketIoTransportOptions = {},
    seal: PublicationSeal | null = null,
    stores: DeviceStores | null = null,
  ) {
    this.io = new Server(this.http);
    this.transport = new SocketIoTransport(options, seal, stores);
    this.transport.attach(this.io);
    this.io.on('connection', (socket) => {
      void socket.join(this.transport.roomOf(String(socket.handshake.auth['userId'])));
      socket.emit('joined');
    });
  }

  /** A connected client of a user that acknowledges each message, unless told otherwise. */
  async connect(userId: string, acknowledges = true): Promise<{ socket: Socket; got: SocketMessage[] }> {
    const got: SocketMessage[] = [];
    const socket = io(await this.listen(), { auth: { userId }, transports: ['websocket'] });
    this.clients.push(socket);
    socket.on(SocketEvent.RECALLED, (_recall: object, acknowledge: () => void) => acknowledge());
    socket.on(SocketEvent.MESSAGE, (one: SocketMessage, acknowledge: () => void) => {
      got.push(one);
      if (acknowledges) acknowledge();
    });
    await new Promise<void>((resolve) => socket.once('joined', resolve));
    return { socket, got };
  }

  /** Where clients connect. */
  async listen(): Promise<string> {
    if (!this.http.listening) await new Promise<void>((resolve) => this.http.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.disconnect();
    await this.io.close();
    this.transport.onApplicationShutdown();
  }
}
