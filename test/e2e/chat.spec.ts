import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { AppModule } from '../../src/app.module.js';
import type { AppOptions } from '../../src/app.module.js';
import { CHAT_MESSAGES_QUEUE } from '../../src/chat/queues/chat-messages.queue.js';
import { AGENT_RESPONSES_QUEUE } from '../../src/chat/queues/agent-responses.queue.js';
import { PROACTIVE_ACTIONS_QUEUE } from '../../src/chat/queues/proactive-actions.queue.js';
import type { SocketMessage, SocketStatus } from '../../src/message-queue/adapters/socket-io/index.js';
import { MessageClient } from '../../src/message-queue/adapters/socket-io/client/index.js';
import { MessageQueueService, MessageStore } from '../../src/message-queue/index.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

/** What the API's answers may hold. */
interface ApiAnswer {
  readonly messageId: string;
  readonly batchId: string;
  readonly code: string;
  readonly percentage: number;
  readonly recipients: number;
  readonly statuses: Record<string, number>;
  readonly items: readonly { messageId: string; recipients: readonly unknown[] }[];
}

/** One run of the reference app on a port of its own. */
class ChatApp {
  private constructor(
    readonly app: INestApplication,
    readonly url: string,
  ) {}

  static async start(options: AppOptions): Promise<ChatApp> {
    const imports = [AppModule.register({ environment: 'test', ...options })];
    const module = await Test.createTestingModule({ imports }).compile();
    const app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    return new ChatApp(app, await app.getUrl());
  }

  async call(path: string, body?: object): Promise<{ status: number; answer: ApiAnswer }> {
    const response = await fetch(this.url + path, {
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json' },
    });
    return { status: response.status, answer: (await response.json()) as ApiAnswer };
  }

  async send(senderId: string, recipientId: string, content: string): Promise<string> {
    const message = { senderId, recipientId, conversationId: 'c1', content };
    const { status, answer } = await this.call('/api/messages', message);
    expect(status).toBe(202);
    return answer.messageId;
  }

  status(messageId: string, recipientId: string): Promise<string | undefined> {
    const store = this.app.get(MessageStore, { strict: false });
    return store.findStatus(messageId, recipientId).then((found) => found?.status);
  }
}

/** A user's device with the client that browsers get. */
class Device {
  readonly messages: SocketMessage[] = [];
  readonly statuses: SocketStatus[] = [];
  readonly socket: Socket;
  readonly client: MessageClient;

  constructor(app: ChatApp, auth: object, options: object = {}) {
    this.socket = io(app.url, { auth, forceNew: true, transports: ['websocket'], ...options });
    this.client = new MessageClient(this.socket, {
      onMessage: (message) => this.messages.push(message),
      onStatus: (status) => this.statuses.push(status),
    });
  }

  /** Resolves when connected; @throws what the server says */
  async connected(): Promise<this> {
    if (!this.socket.connected) {
      await new Promise<void>((resolve, reject) => {
        this.socket.once('connect', resolve);
        this.socket.once('connect_error', reject);
      });
    }
    return this;
  }

  confirm(body: unknown): Promise<unknown> {
    return this.socket.timeout(2_000).emitWithAck('message_confirm', body);
  }

  close(): void {
    this.client.close();
    this.socket.disconnect();
  }
}

describe('The reference app', () => {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function start(options: AppOptions = { provider: 'memory' }): Promise<ChatApp> {
    const started = await ChatApp.start(options);
    ends.push(() => started.app.close());
    return started;
  }

  function device(app: ChatApp, auth: object, options: object = {}): Device {
    const made = new Device(app, auth, options);
    ends.push(() => made.close());
    return made;
  }

  const signIn = (app: ChatApp, userId: string): Promise<Device> => device(app, { userId }).connected();

  it('brings a message to its recipient, and tells the sender each step', async () => {
    const app = await start();
    const [ada, grace] = [await signIn(app, 'ada'), await signIn(app, 'grace')];
    const messageId = await app.send('ada', 'grace', 'Hello');
    await waitUntil(() => grace.messages.length > 0, 'the message');
    expect(grace.messages[0]).toMatchObject({
      messageId,
      senderId: 'ada',
      content: 'Hello',
      encrypted: false,
    });
    grace.client.markRead(messageId);
    await waitUntil(() => ada.statuses.some(({ status }) => status === 'read'), 'the read tick');
    expect(ada.statuses.every((status) => status.messageId === messageId)).toBe(true);
    expect(ada.messages).toEqual([]);
    const { answer } = await app.call('/api/conversations/c1/messages');
    expect(answer.items[0]?.recipients[0]).toMatchObject({ recipientId: 'grace', status: 'read' });
  });

  it('delivers what has waited in order, once the recipient connects', async () => {
    const app = await start();
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      const id = await app.send('ada', 'grace', `Line ${n}`);
      await waitUntil(async () => (await app.status(id, 'grace')) === 'pending', `line ${n} to be stored`);
      ids.push(id);
    }
    const grace = await signIn(app, 'grace');
    await waitUntil(() => grace.messages.length === 5, 'all five');
    expect(grace.messages.map(({ messageId }) => messageId)).toEqual(ids);
    for (const id of ids) {
      await waitUntil(async () => (await app.status(id, 'grace')) === 'delivered', 'each to be delivered');
    }
  });

  it('sends a message again when the device that got it died before it said so', async () => {
    const app = await start();
    const dying = io(app.url, { auth: { userId: 'grace' }, forceNew: true, transports: ['websocket'] });
    const got = new Promise((resolve) => dying.on('message', resolve));
    await new Promise<void>((resolve) => dying.once('connect', resolve));
    const messageId = await app.send('ada', 'grace', 'Are you there?');
    await got;
    dying.disconnect();
    const grace = await signIn(app, 'grace');
    await waitUntil(
      () => grace.messages.some((message) => message.messageId === messageId),
      'the message again',
    );
  });

  it('lets nobody in who does not say who they are, and no page of another site', async () => {
    const app = await start();
    for (const auth of [{}, { userId: '' }, { userId: 'a b' }, { userId: 7 }, { userId: 'x'.repeat(129) }]) {
      await expect(device(app, auth).connected()).rejects.toThrow('Say who you are');
    }
    const extraHeaders = { origin: 'https://evil.example' };
    await expect(device(app, { userId: 'ada' }, { extraHeaders }).connected()).rejects.toThrow();
    await device(app, { userId: 'ada' }, { extraHeaders: { origin: app.url } }).connected();
  });

  it("takes confirmations only of one's own messages, and only proper ones", async () => {
    const app = await start();
    const messageId = await app.send('ada', 'grace', 'Hello');
    await waitUntil(() => app.status(messageId, 'grace'), 'the message to be stored');
    const [mallory, grace] = [await signIn(app, 'mallory'), await signIn(app, 'grace')];
    expect(await mallory.confirm({ messageId, status: 'read', recipientId: 'grace' })).toMatchObject({
      ok: false,
    });
    for (const wrong of [
      ...[null, 'read', {}, { messageId }, { messageId, status: 'failed' }, { messageId, status: 'sent' }],
      ...[
        { messageId: 1, status: 'read' },
        { messageId, status: 'read', occurredAt: 'today' },
      ],
    ]) {
      expect(await grace.confirm(wrong)).toMatchObject({ ok: false });
    }
    expect(await app.status(messageId, 'grace')).not.toBe('read');
    expect(await grace.confirm({ messageId, status: 'read', occurredAt: '2999-01-01T00:00:00Z' })).toEqual({
      ok: true,
    });
    await waitUntil(async () => (await app.status(messageId, 'grace')) === 'read', 'the confirmation');
    const store = app.app.get(MessageStore, { strict: false });
    const { readAt } = (await store.findStatus(messageId, 'grace'))!;
    expect(readAt!.getTime()).toBeLessThanOrEqual(Date.now());
  });

  it("publishes what the app's own queues have processed to the user it is about", async () => {
    const app = await start();
    const [ada, grace] = [await signIn(app, 'ada'), await signIn(app, 'grace')];
    const events: [string, unknown][] = [];
    const strangers: string[] = [];
    ada.socket.onAny((name: string, payload: unknown) => events.push([name, payload]));
    grace.socket.onAny((name: string) => strangers.push(name));
    const queue = app.app.get(MessageQueueService, { strict: false });
    const about = { userId: 'ada', conversationId: 'c1', message: 'Hi' };
    await queue.enqueue(CHAT_MESSAGES_QUEUE, 'process-chat-message', about);
    await queue.enqueue(AGENT_RESPONSES_QUEUE, 'send-agent-response', { ...about, agentType: 'guide' });
    await queue.enqueue(PROACTIVE_ACTIONS_QUEUE, 'run-proactive-action', {
      ...{ ...about, agentType: 'guide', actionType: 'remind' },
    });
    await waitUntil(() => events.length === 3, 'three events');
    expect(Object.fromEntries(events)).toEqual({
      queue_processed_chat: { ...about, jobId: expect.any(String) },
      queue_processed_agent_response: { ...about, agentType: 'guide', jobId: expect.any(String) },
      queue_processed_proactive_action: {
        ...{ ...about, agentType: 'guide', actionType: 'remind', jobId: expect.any(String) },
      },
    });
    expect(strangers).toEqual([]);
  });

  it('sends an announcement to everyone and says how far it is', async () => {
    const app = await start();
    const ada = await signIn(app, 'ada');
    const { status, answer } = await app.call('/api/announcements', { senderId: 'grace', content: 'Rain!' });
    expect(status).toBe(202);
    expect(answer.recipients).toBe(199);
    const seen: number[] = [];
    const done = await waitUntil(async () => {
      const { answer: now } = await app.call(`/api/announcements/${answer.batchId}`);
      seen.push(now.percentage);
      return now.percentage === 100 && now.statuses.delivered === 1 && now.statuses.pending === 198 && now;
    }, 'the announcement to be complete');
    expect(done).toMatchObject({ recipients: 199, sent: 199, failed: 0 });
    expect(seen.some((percentage) => percentage > 0 && percentage < 100)).toBe(true);
    expect(ada.messages.map(({ content }) => content)).toEqual(['Rain!']);
  });

  it('answers mistakes of the caller with 400 and says what is wrong', async () => {
    const app = await start();
    const message = { senderId: 'a d', recipientId: 'grace', conversationId: 'c1', content: 'Hello' };
    const refused = await app.call('/api/messages', message);
    expect(refused).toMatchObject({ status: 400, answer: { code: 'INVALID_PAYLOAD' } });
    expect((await app.call('/api/messages', { ...message, admin: true })).status).toBe(400);
    expect((await app.call('/api/conversations/c1/messages?cursor=nonsense')).status).toBe(400);
    expect((await app.call('/assets/..%2fchat.module.js')).status).toBe(404);
  });

  it('serves its page with a policy that allows no script but its own', async () => {
    const app = await start();
    const page = await fetch(`${app.url}/`);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = page.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    expect(policy).not.toContain('unsafe');
    const html = await page.text();
    const assets = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path!);
    expect(assets).toHaveLength(2);
    for (const path of [...assets, '/assets/message-client.js', '/socket.io/socket.io.esm.min.js']) {
      const response = await fetch(app.url + path);
      expect(response.status).toBe(200);
      expect(await response.text()).not.toBe('');
    }
  });

  it('works with web servers and workers apart, over Redis and one database', async () => {
    const redis = await TestRedis.start();
    ends.push(() => redis.stop());
    const directory = mkdtempSync(join(tmpdir(), 'mq-chat-'));
    ends.push(() => rmSync(directory, { recursive: true, force: true }));
    const shared: AppOptions = {
      provider: 'redis',
      redis: { url: redis.url },
      prefix: `chat-${randomUUID()}`,
      databaseUrl: `file:${directory}/chat.db`,
    };
    const web = [await start({ ...shared, role: 'producer' }), await start({ ...shared, role: 'producer' })];
    const worker = await Test.createTestingModule({
      imports: [AppModule.register({ environment: 'test', ...shared, role: 'worker' })],
    }).compile();
    ends.push(() => worker.close());
    worker.useLogger(false);
    await worker.init();
    const [ada, grace] = [await signIn(web[0]!, 'ada'), await signIn(web[1]!, 'grace')];
    const messageId = await web[0]!.send('ada', 'grace', 'Over two servers');
    await waitUntil(() => grace.messages.length > 0, 'the message');
    grace.client.markRead(messageId);
    await waitUntil(() => ada.statuses.some(({ status }) => status === 'read'), 'the read tick');
    await waitUntil(async () => {
      const { answer } = await web[1]!.call('/api/search?q=servers');
      return answer.items[0]?.messageId === messageId;
    }, 'the message to be found');
    grace.close();
    const second = await web[0]!.send('ada', 'grace', 'Are you gone?');
    await waitUntil(async () => (await web[0]!.status(second, 'grace')) === 'pending', 'it to be stored');
    const back = await signIn(web[0]!, 'grace');
    await waitUntil(() => back.messages.some((message) => message.messageId === second), 'it to arrive');
  });
});
