import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { Server } from 'socket.io';
import type { Socket as ServerSocket } from 'socket.io';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { socketIoAdapters, SocketIoTransport } from '../../src/message-queue/adapters/socket-io/index.js';
import { MESSAGE_QUEUE_CONFIG, MessageQueueModule } from '../../src/message-queue/index.js';
import type { MessageQueueConfig, MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { QueueMonitor } from '../../src/message-queue/operations/index.js';
import type { OverallHealth } from '../../src/message-queue/operations/index.js';
import { HostApps } from '../support/host-app.js';
import type { TestRedis } from '../support/redis-server.js';

const REDIS_OF_THE_QUEUES = socketIoAdapters({
  inject: [MESSAGE_QUEUE_CONFIG],
  useFactory: ({ redis, prefix }: MessageQueueConfig) => ({ redis, prefix, ackTimeoutMs: 1_000 }),
});

/** A client, and all that it was sent. */
export class Client {
  readonly got: { readonly event: string; readonly payload: unknown }[] = [];

  /** @param answer what it acknowledges with */
  constructor(
    readonly socket: Socket,
    answer: string,
  ) {
    socket.onAny((event: string, payload: unknown, acknowledge?: (answer: string) => void) => {
      this.got.push({ event, payload });
      if (typeof acknowledge === 'function') acknowledge(answer);
    });
  }

  /** Payloads of an event, oldest first. */
  of(event: string): unknown[] {
    return this.got.filter((one) => one.event === event).map(({ payload }) => payload);
  }
}

/** An app with a web server of its own, as it stands in one process. */
export class SocketProcess {
  private readonly clients: Socket[] = [];

  private constructor(
    readonly app: INestApplication,
    readonly io: Server,
  ) {}

  static async of(app: INestApplication): Promise<SocketProcess> {
    const transport = app.get(SocketIoTransport);
    await app.listen(0, '127.0.0.1');
    const server = new Server(app.getHttpServer() as never);
    transport.attach(server);
    const join = async (socket: ServerSocket): Promise<void> => {
      socket.data = socket.handshake.auth;
      await socket.join(transport.roomOf(String(socket.handshake.auth['userId'])));
      socket.emit('joined');
    };
    server.on('connection', join);
    server.of('/other').on('connection', join);
    const subscribed = new Promise<void>((resolve) => transport.onSubscribed(resolve));
    await subscribed;
    return new SocketProcess(app, server);
  }

  get transport(): SocketIoTransport {
    return this.app.get(SocketIoTransport);
  }

  get health(): Promise<OverallHealth> {
    return this.app.get(QueueMonitor).overallHealth();
  }

  /** A client of a user that has joined. */
  async connect(userId: string, answer = 'yes', namespace = '/'): Promise<Client> {
    const { port } = this.app.getHttpServer().address() as AddressInfo;
    const options = { auth: { userId, answer }, transports: ['websocket'], forceNew: true };
    const socket = io(`http://127.0.0.1:${port}${namespace}`, options);
    this.clients.push(socket);
    const client = new Client(socket, answer);
    await new Promise<void>((resolve) => socket.once('joined', resolve));
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.disconnect();
    await this.io.close();
  }
}

/** Processes of one app, which share a Redis. */
export class SocketProcesses {
  private readonly apps = new HostApps();
  private processes: SocketProcess[] = [];
  private prefix = `sockets-${randomUUID()}`;

  constructor(private readonly redis: () => TestRedis) {}

  get log(): readonly string[] {
    return this.apps.logger.lines;
  }

  /** First part of the channels of the adapters. */
  get key(): string {
    return `${this.prefix}:socket.io`;
  }

  async start(options: MessageQueueModuleOptions = {}): Promise<SocketProcess> {
    const process = await SocketProcess.of(await this.apps.start(this.metadata(options)));
    this.processes.push(process);
    return process;
  }

  metadata({ adapters = [], ...options }: MessageQueueModuleOptions): ModuleMetadata {
    const module = MessageQueueModule.forRoot({
      ...{ provider: 'redis', redis: { url: this.redis().url }, prefix: this.prefix, environment: 'test' },
      ...{ autoStart: false, ...options },
      adapters: [...REDIS_OF_THE_QUEUES, ...adapters],
    });
    return { imports: [module] };
  }

  async close(): Promise<void> {
    for (const process of this.processes.splice(0)) await process.close();
    await this.apps.close();
    this.apps.logger.lines.splice(0);
    this.prefix = `sockets-${randomUUID()}`;
  }
}
