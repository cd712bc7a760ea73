import { SocketEvent, SocketIoTransport } from '../../src/message-queue/adapters/socket-io/index.js';
import type { SocketIoTransportOptions } from '../../src/message-queue/adapters/socket-io/index.js';
import { RetryLater } from '../../src/message-queue/jobs/errors.js';
import type { TransportMessage } from '../../src/message-queue/ports/messages/message-transport.js';
import { messageTransportContract } from '../../src/message-queue/testing/contracts/index.js';
import { TestRedis } from '../support/redis-server.js';
import { SocketWebServer } from '../support/socket-web-server.js';
import { waitUntil } from '../support/wait-until.js';

const never = new AbortController().signal;

function message(over: Partial<TransportMessage> = {}): TransportMessage {
  return {
    messageId: 'm1',
    senderId: 'ada',
    recipientId: 'grace',
    conversationId: 'c1',
    content: 'Hello Grace',
    encrypted: false,
    attachments: [],
    createdAt: new Date(),
    ...over,
  };
}

describe('SocketIoTransport', () => {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  function web(options: SocketIoTransportOptions = {}): SocketWebServer {
    const server = new SocketWebServer({ ackTimeoutMs: 500, ...options });
    ends.push(() => server.close());
    return server;
  }

  messageTransportContract(async () => {
    const server = web();
    const [grace, ada] = [await server.connect('grace'), await server.connect('ada')];
    const received = (): object[] => [...grace.got, ...ada.got];
    return { transport: server.transport, reachable: 'grace', unreachable: 'nobody', received };
  });

  describe('in one process', () => {
    it('hands a message to all devices of its recipient and nobody else', async () => {
      const server = web();
      const [phone, laptop, other] = [
        await server.connect('grace'),
        await server.connect('grace'),
        await server.connect('ada'),
      ];
      const receipt = await server.transport.deliver(message(), never);
      expect(receipt).toEqual({ outcome: 'sent', reached: 2 });
      for (const { got } of [phone, laptop]) {
        expect(got).toEqual([{ ...message(), createdAt: expect.any(String) }]);
      }
      expect(other.got).toEqual([]);
    });

    it('has no room for an id that is not well-formed: two users would share it', () => {
      const transport = new SocketIoTransport();
      expect(transport.roomOf('😀')).toBe('user:😀');
      expect(() => transport.roomOf('a\ud83d')).toThrow(/surrogate pair/);
    });

    it('says offline when nobody is there, at once', async () => {
      const server = web();
      await server.connect('ada');
      expect(await server.transport.deliver(message(), never)).toEqual({ outcome: 'offline', reached: 0 });
    });

    it('counts a message as sent only when a device has acknowledged it', async () => {
      const server = web({ ackTimeoutMs: 100 });
      const { got } = await server.connect('grace', false);
      await expect(server.transport.deliver(message(), never)).rejects.toThrow(RetryLater);
      expect(got).toHaveLength(1);
      await server.connect('grace');
      expect(await server.transport.deliver(message(), never)).toEqual({ outcome: 'sent', reached: 1 });
    });

    it('leaves an old message that nobody acknowledges to the next connection', async () => {
      const server = web({ ackTimeoutMs: 100, patienceMs: 5_000 });
      await server.connect('grace', false);
      const old = message({ createdAt: new Date(Date.now() - 5_001) });
      expect(await server.transport.deliver(old, never)).toEqual({ outcome: 'offline', reached: 0 });
    });

    it('ends with the reason of its signal', async () => {
      const server = web();
      await server.connect('grace', false);
      const stop = new AbortController();
      const delivery = server.transport.deliver(message(), stop.signal);
      const reason = new Error('The job was cancelled.');
      stop.abort(reason);
      await expect(delivery).rejects.toBe(reason);
    });

    it('tells the sender how far a message has come', async () => {
      const server = web();
      const { socket } = await server.connect('ada');
      const told = new Promise((resolve) => socket.once(SocketEvent.STATUS, resolve));
      const at = new Date();
      const status = { messageId: 'm1', conversationId: 'c1', recipientId: 'grace', status: 'read' } as const;
      await server.transport.announceStatus({ ...status, senderId: 'ada', at }, never);
      expect(await told).toEqual({ ...status, at: at.toISOString() });
    });

    it('finds nobody in a process without a server', async () => {
      const transport = new SocketIoTransport();
      ends.push(() => transport.onApplicationShutdown());
      expect(await transport.deliver(message(), never)).toEqual({ outcome: 'offline', reached: 0 });
    });
  });

  describe('over Redis', () => {
    let redis: TestRedis;
    beforeAll(async () => {
      redis = await TestRedis.start();
    });
    afterAll(() => redis.stop());

    function options(over: Partial<SocketIoTransportOptions> = {}): SocketIoTransportOptions {
      const topology = { kind: 'single', host: '127.0.0.1', port: redis.port } as const;
      return { redis: { topology, db: 0, tls: false }, ackTimeoutMs: 500, ...over };
    }

    function worker(over: Partial<SocketIoTransportOptions> = {}): SocketIoTransport {
      const transport = new SocketIoTransport(options(over));
      ends.push(() => transport.onApplicationShutdown());
      return transport;
    }

    it('reaches the sockets of every web server from a worker that has none', async () => {
      const [first, second] = [web(options()), web(options())];
      const devices = [await first.connect('grace'), await second.connect('grace')];
      await second.connect('ada');
      expect(await worker().deliver(message(), never)).toEqual({ outcome: 'sent', reached: 2 });
      expect(devices.map(({ got }) => got.length)).toEqual([1, 1]);
      expect(await first.transport.deliver(message(), never)).toEqual({ outcome: 'sent', reached: 2 });
    });

    it('says offline when no server has the recipient', async () => {
      const [first, second] = [web(options()), web(options())];
      await first.connect('ada');
      await second.connect('ada');
      // A young message that some server had not answered for would be a RetryLater.
      expect(await worker().deliver(message(), never)).toEqual({ outcome: 'offline', reached: 0 });
    });

    it('tells the sender on another server', async () => {
      const server = web(options());
      const { socket } = await server.connect('ada');
      const told = new Promise((resolve) => socket.once('queue_processed_chat', resolve));
      await worker().emitToUser('ada', 'queue_processed_chat', { jobId: '7' });
      expect(await told).toEqual({ jobId: '7' });
    });

    it('keeps apps with another prefix apart', async () => {
      const server = web(options({ prefix: 'another-app' }));
      const { got } = await server.connect('grace');
      expect(await worker().deliver(message(), never)).toEqual({ outcome: 'offline', reached: 0 });
      expect(got).toEqual([]);
    });

    it('says when it begins to hear of the others: what they sent before may have missed its sockets', async () => {
      const server = web(options());
      let subscribed = 0;
      server.transport.onSubscribed(() => {
        throw new Error('a listener that fails');
      });
      server.transport.onSubscribed(() => Promise.reject(new Error('another')));
      server.transport.onSubscribed(() => (subscribed += 1));
      await waitUntil(() => subscribed === 1, 'the first subscription');
    });

    it('survives a Redis that dies and comes back, and says so', async () => {
      const server = web(options({ ackTimeoutMs: 300 }));
      const device = await server.connect('grace');
      const remote = worker({ ackTimeoutMs: 300 });
      await remote.deliver(message(), never);
      let restored = 0;
      server.transport.onSubscribed(() => (restored += 1));
      await redis.kill();
      await expect(remote.deliver(message(), never)).rejects.toThrow(RetryLater);
      await redis.spawn();
      await waitUntil(() => restored === 1, 'the subscription to be restored');
      await waitUntil(async () => {
        const given = await remote.deliver(message({ messageId: 'm2' }), never).catch(() => null);
        return given?.outcome === 'sent';
      }, 'a delivery after the outage');
      expect(device.got.map(({ messageId }) => messageId)).toContain('m2');
    });

    // What rejects unhandled fails the test, as it would end a process.
    it('ends quietly when it is shut down while Redis hangs', async () => {
      const server = web(options({ ackTimeoutMs: 100 }));
      await server.transport.deliver(message(), never);
      redis.signal('SIGSTOP');
      await expect(server.transport.deliver(message(), never)).rejects.toThrow(RetryLater);
      await server.close();
      // Before kill() lets it go on: it must not answer any more.
      redis.signal('SIGKILL');
      await redis.kill();
      await redis.spawn();
    });

    it('waits for a Redis that is away at the start, until its signal aborts', async () => {
      const topology = { kind: 'single', host: '127.0.0.1', port: 1 } as const;
      const lonely = worker({ redis: { topology, db: 0, tls: false } });
      await expect(lonely.deliver(message(), AbortSignal.timeout(100))).rejects.toThrow(/timeout/i);
    });
  });
});
