import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Test } from '@nestjs/testing';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import {
  socketIoAdapters,
  SocketEvent,
  SocketIoInAppChannel,
  SocketIoTransport,
} from '../../src/message-queue/adapters/socket-io/index.js';
import type { SocketNotification } from '../../src/message-queue/adapters/socket-io/index.js';
import { MessageQueueModule, MessageQueueService, QueueName } from '../../src/message-queue/index.js';
import { InAppChannel, NotificationInbox } from '../../src/message-queue/ports/index.js';
import { notificationChannelContract } from '../../src/message-queue/testing/contracts/index.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

describe('SocketIoInAppChannel', () => {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  /** A web process's server, and an open app of ben's. */
  async function benAt(transport: SocketIoTransport, acknowledges = true): Promise<SocketNotification[]> {
    const got: SocketNotification[] = [];
    const http = createServer();
    const server = new Server(http);
    transport.attach(server);
    server.on('connection', async (socket) => {
      await socket.join(transport.roomOf('ben'));
      socket.emit('joined');
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const client = io(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, { forceNew: true });
    ends.push(async () => {
      client.disconnect();
      await server.close();
      transport.onApplicationShutdown();
    });
    client.on(SocketEvent.NOTIFICATION, (notification: SocketNotification, acknowledge: () => void) => {
      got.push(notification);
      if (acknowledges) acknowledge();
    });
    await new Promise<void>((resolve) => client.once('joined', resolve));
    return got;
  }

  notificationChannelContract(async () => {
    const transport = new SocketIoTransport();
    const got = await benAt(transport);
    return { channel: new SocketIoInAppChannel(transport), destination: 'ben', received: () => got.length };
  });

  it('says offline when nobody is there, and when nobody acknowledges in time', async () => {
    const transport = new SocketIoTransport({ ackTimeoutMs: 50 });
    const channel = new SocketIoInAppChannel(transport);
    const got = await benAt(transport, false);
    const notification = {
      ...{ notificationId: 'n1', recipientId: 'ben', destination: 'ben', title: 'News', body: 'News' },
      ...{ urgent: false, expiresAt: null },
    };
    const { signal } = new AbortController();
    expect(await channel.send(notification, signal)).toEqual({ outcome: 'offline' });
    expect(got).toHaveLength(1);
    const toAda = { ...notification, recipientId: 'ada', destination: 'ada' };
    expect(await channel.send(toAda, signal)).toEqual({ outcome: 'offline' });
  });

  it('shows what a worker without sockets sends to the apps at a web server, and leaves it in the inbox', async () => {
    const redis = await TestRedis.start();
    ends.push(() => redis.stop());
    const topology = { kind: 'single', host: '127.0.0.1', port: redis.port } as const;
    const options = { redis: { topology, db: 0, tls: false }, prefix: 'in-app' };
    const got = await benAt(new SocketIoTransport(options));
    const worker = await Test.createTestingModule({
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider: 'memory', adapters: socketIoAdapters(options) },
          // The web server is not an app: nobody gives it keys.
          privacy: { sealing: 'off' },
        }),
      ],
    }).compile();
    await worker.init();
    ends.push(() => worker.close());
    expect(worker.get(InAppChannel, { strict: false })).toBeInstanceOf(SocketIoInAppChannel);
    const service = worker.get(MessageQueueService, { strict: false });
    const { id } = await service.addNotificationJob({
      ...{ recipientId: 'ben', type: 'in_app', title: 'News', message: 'There is news', messageId: 'm-1' },
      createdAt: new Date(),
    });
    const notification = { notificationId: id, title: 'News', body: 'There is news', messageId: 'm-1' };
    await waitUntil(() => got.length > 0, 'the notification');
    expect(got).toEqual([notification]);
    const inbox = await worker.get(NotificationInbox, { strict: false }).list('ben');
    expect(inbox.items).toMatchObject([notification]);
    const isDone = async (): Promise<boolean> =>
      (await (await service.getJob(QueueName.MESSAGE_NOTIFICATION, id))?.getState()) === 'completed';
    await waitUntil(isDone, 'the job to end');
  });
});
