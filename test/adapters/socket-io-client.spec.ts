import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import type { Socket as ServerSocket } from 'socket.io';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { MessageClient } from '../../src/message-queue/adapters/socket-io/client/index.js';
import type {
  MessageClientOptions,
  ReceivedMessage,
} from '../../src/message-queue/adapters/socket-io/client/index.js';
import { SocketEvent } from '../../src/message-queue/adapters/socket-io/index.js';
import type { SocketConfirmation } from '../../src/message-queue/adapters/socket-io/index.js';
import { waitUntil } from '../support/wait-until.js';

describe('MessageClient', () => {
  let server: Server;
  let url: string;
  let here: ServerSocket | null;
  let socket: Socket;
  let client: MessageClient;
  let got: ReceivedMessage[];
  let confirmed: SocketConfirmation[];
  let answers: unknown[];

  beforeEach(async () => {
    const http = createServer();
    server = new Server(http);
    [here, got, confirmed, answers] = [null, [], [], []];
    server.on('connection', (joined) => {
      here = joined;
      joined.on(SocketEvent.CONFIRM, (confirmation: SocketConfirmation, answer: (reply: unknown) => void) => {
        confirmed.push(confirmation);
        const reply = answers.length > 0 ? answers.shift() : { ok: true };
        if (reply !== undefined) answer(reply);
      });
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    client.close();
    socket.disconnect();
    await server.close();
  });

  async function connect(over: Partial<MessageClientOptions> = {}): Promise<void> {
    socket = io(url, {
      forceNew: true,
      reconnectionDelay: 20,
      reconnectionDelayMax: 20,
      randomizationFactor: 0,
    });
    client = new MessageClient(socket, {
      onMessage: (message) => got.push(message),
      replyTimeoutMs: 5_000,
      ...over,
    });
    await waitUntil(() => here !== null && socket.connected, 'the connection');
  }

  /** Sends a message as the server does. @returns whether the client acknowledged it */
  function deliver(messageId: string): Promise<boolean> {
    const message = { messageId, senderId: 'ada', recipientId: 'grace', conversationId: 'c1', content: 'Hi' };
    return here!
      .timeout(300)
      .emitWithAck(SocketEvent.MESSAGE, { ...message, createdAt: new Date().toISOString() })
      .then(
        () => true,
        () => false,
      );
  }

  const steps = (): string[] => confirmed.map(({ messageId, status }) => `${messageId} ${status}`);

  it('hands on a message once, however often it comes, and acknowledges each', async () => {
    await connect();
    for (const id of ['m1', 'm2', 'm1', 'm1']) expect(await deliver(id)).toBe(true);
    expect(got.map(({ messageId }) => messageId)).toEqual(['m1', 'm2']);
    await waitUntil(() => client.unconfirmed === 0, 'all to be confirmed');
    expect(new Set(steps())).toEqual(new Set(['m1 delivered', 'm2 delivered']));
  });

  it('lets what is new wait until it has what it missed, and acknowledges it then, with its device and its place', async () => {
    await connect({ deviceId: 'phone' });
    const asked = new Promise<(reply: object) => void>((resolve) => {
      here?.once(SocketEvent.SYNC, (_request: object, answer: (reply: object) => void) => resolve(answer));
    });
    here?.emit(SocketEvent.FEED);
    const answer = await asked;
    const payload = (messageId: string, position: number): object => ({ messageId, position, content: 'Hi' });
    const live = here!.timeout(3_000).emitWithAck(SocketEvent.MESSAGE, payload('m3', 12));
    const early = here!.timeout(3_000).emitWithAck(SocketEvent.MESSAGE, { messageId: 'm4', content: 'Hi' });
    here?.on(SocketEvent.SYNC, (request: { position: number }, reply: (it: object) => void) => {
      reply({ ok: true, from: request.position, items: [], position: request.position, hasMore: false });
    });
    const items = [payload('m1', 10), payload('m2', 11)].map((it) => ({ event: 'message', payload: it }));
    answer({ ok: true, from: 9, items, position: 11, hasMore: false });
    expect(await live).toEqual({ deviceId: 'phone', position: 12 });
    await early;
    expect(got.map(({ messageId }) => messageId)).toEqual(['m1', 'm2', 'm4', 'm3']);
  });

  it('asks for what lies between when something comes too early', async () => {
    await connect({ deviceId: 'phone' });
    const requests: object[] = [];
    const missed = { event: 'message', payload: { messageId: 'm1', position: 1 } };
    here?.on(SocketEvent.SYNC, (request: { position?: number }, reply: (it: object) => void) => {
      requests.push(request);
      const items = requests.length === 2 ? [missed] : [];
      const from = request.position ?? 0;
      reply({ ok: true, from, items, position: from + items.length, hasMore: false });
    });
    here?.emit(SocketEvent.FEED);
    await waitUntil(() => requests.length === 1, 'it to say where it stands');
    const early = here!.timeout(3_000).emitWithAck(SocketEvent.MESSAGE, { messageId: 'm2', position: 2 });
    expect(await early).toEqual({ deviceId: 'phone', position: 2 });
    expect(got.map(({ messageId }) => messageId)).toEqual(['m1', 'm2']);
    expect(requests[1]).toEqual({ deviceId: 'phone', position: 0 });
  });

  it('keeps its id where it is told to, and makes one that no other has', async () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    };
    await connect({ storage });
    const again = new MessageClient(socket, { storage, onMessage: () => undefined });
    const other = new MessageClient(socket, { onMessage: () => undefined });
    expect([again.deviceId === client.deviceId, other.deviceId === client.deviceId]).toEqual([true, false]);
    for (const made of [again, other]) made.close();
    for (const deviceId of ['', 'a b', 'x'.repeat(65)])
      expect(() => new MessageClient(socket, { deviceId, onMessage: () => undefined })).toThrow(TypeError);
  });

  it('hands on a notification once, however often it comes, and acknowledges each', async () => {
    const shown: object[] = [];
    await connect({ onNotification: (notification) => shown.push(notification) });
    const notification = { notificationId: 'n1', title: 'News', body: 'There is news' };
    for (let repeat = 0; repeat < 3; repeat += 1) {
      await here?.timeout(5_000).emitWithAck(SocketEvent.NOTIFICATION, notification);
    }
    await here
      ?.timeout(5_000)
      .emitWithAck(SocketEvent.NOTIFICATION, { ...notification, notificationId: 'n2' });
    expect(shown).toEqual([notification, { ...notification, notificationId: 'n2' }]);
  });

  it('hands on a recall once, acknowledges each, and shows nothing of the message that comes after it', async () => {
    const recalled: object[] = [];
    await connect({ onRecall: (recall) => recalled.push(recall) });
    const recall = { messageId: 'm1', conversationId: 'c1' };
    for (let repeat = 0; repeat < 3; repeat += 1) {
      await here?.timeout(5_000).emitWithAck(SocketEvent.RECALLED, recall);
    }
    expect(recalled).toEqual([recall]);
    for (const id of ['m1', 'm2']) expect(await deliver(id)).toBe(true);
    expect(got.map(({ messageId }) => messageId)).toEqual(['m2']);
    await waitUntil(() => client.unconfirmed === 0, 'all to be confirmed');
    expect(steps()).toEqual(['m2 delivered']);
  });

  it('does not acknowledge a recall that the page could not take', async () => {
    const [errors, failures] = [[] as unknown[], [new Error('The page is not ready.')]];
    const onRecall = (): void => {
      const failure = failures.pop();
      if (failure !== undefined) throw failure;
    };
    await connect({ onRecall, onError: (error) => errors.push(error) });
    const tell = (): Promise<unknown> =>
      here!.timeout(300).emitWithAck(SocketEvent.RECALLED, { messageId: 'm1', conversationId: 'c1' });
    await expect(tell()).rejects.toThrow();
    await tell();
    expect(errors).toHaveLength(1);
  });

  it('acknowledges recalls also for a page that shows none', async () => {
    await connect();
    await here?.timeout(5_000).emitWithAck(SocketEvent.RECALLED, { messageId: 'm1', conversationId: 'c1' });
  });

  it('acknowledges notifications also for a page that shows none', async () => {
    await connect();
    const notification = { notificationId: 'n1', title: 'News', body: 'There is news' };
    await here?.timeout(5_000).emitWithAck(SocketEvent.NOTIFICATION, notification);
  });

  it('forgets the oldest ids when there are too many', async () => {
    await connect({ rememberedIds: 2 });
    for (const id of ['m1', 'm2', 'm3', 'm1']) await deliver(id);
    expect(got.map(({ messageId }) => messageId)).toEqual(['m1', 'm2', 'm3', 'm1']);
  });

  it('confirms read once', async () => {
    await connect();
    client.markRead('m1');
    client.markRead('m1');
    await waitUntil(() => client.unconfirmed === 0, 'it to be confirmed');
    client.markRead('m1');
    await deliver('m2');
    await waitUntil(() => steps().includes('m2 delivered'), 'the next one');
    expect(steps().filter((step) => step === 'm1 read')).toHaveLength(1);
    expect(Date.parse(confirmed[0]?.occurredAt ?? '')).toBeLessThanOrEqual(Date.now());
  });

  it.each([
    ['no answer', undefined],
    ['an answer that is none', { status: 'error' }],
  ])('confirms again after %s', async (_, answer) => {
    answers = [answer];
    await connect({ replyTimeoutMs: 200 });
    client.markRead('m1');
    await waitUntil(() => client.unconfirmed === 0, 'it to be confirmed');
    expect(steps()).toEqual(['m1 read', 'm1 read']);
  });

  it('gives up a confirmation that is refused', async () => {
    answers = [{ ok: false, error: 'There is no such message for you.' }];
    await connect();
    client.markRead('m1');
    await waitUntil(() => client.unconfirmed === 0, 'the refusal');
    expect(steps()).toEqual(['m1 read']);
  });

  it('keeps confirmations while there is no connection', async () => {
    const connections: boolean[] = [];
    await connect({ onConnection: (isConnected) => connections.push(isConnected) });
    socket.io.engine.close();
    await waitUntil(() => !socket.connected, 'the connection to be lost');
    client.markRead('m1');
    expect(client.unconfirmed).toBe(1);
    await waitUntil(() => client.unconfirmed === 0, 'the confirmation after the reconnection');
    expect(steps()).toContain('m1 read');
    expect(connections).toEqual([true, false, true]);
  });

  it('does not acknowledge what the page could not take, and takes it the next time', async () => {
    const errors: unknown[] = [];
    let isBroken = true;
    await connect({
      onMessage: (message) => {
        if (isBroken) throw new Error('The page is broken.');
        got.push(message);
      },
      onError: (error) => errors.push(error),
    });
    expect(await deliver('m1')).toBe(false);
    expect([errors.length, steps()]).toEqual([1, []]);
    isBroken = false;
    expect(await deliver('m1')).toBe(true);
    expect(got).toHaveLength(1);
  });

  it('hears nothing any more once it is closed', async () => {
    await connect();
    client.close();
    expect(await deliver('m1')).toBe(false);
    expect(got).toEqual([]);
  });
});
