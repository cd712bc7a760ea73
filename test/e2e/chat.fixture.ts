import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { io } from 'socket.io-client';
import type { ManagerOptions, Socket, SocketOptions as OwnOptions } from 'socket.io-client';
import { AppModule } from '../../src/app.module.js';
import type { AppOptions } from '../../src/app.module.js';
import type {
  SocketMessage,
  SocketRecall,
  SocketStatus,
} from '../../src/message-queue/adapters/socket-io/index.js';
import { MessageClient } from '../../src/message-queue/adapters/socket-io/client/index.js';
import { People } from '../../src/chat/sign-in/people/people.js';
import { Sessions } from '../../src/chat/sign-in/sessions.js';
import { KeyProvider, MessageStore } from '../../src/message-queue/ports/index.js';
import { KeyRing } from '../support/key-ring.js';

type SocketOptions = ManagerOptions & OwnOptions;

/** A request of the API; headers replace those that a call has anyway. */
export interface ApiRequest extends RequestInit {
  readonly headers?: Record<string, string>;
}

/** What the API's answers may hold. */
export interface ApiAnswer {
  readonly messageId: string;
  readonly batchId: string;
  readonly createdAt: string;
  readonly statusCode: number;
  readonly code: string;
  readonly message: string | readonly string[];
  readonly state: string;
  readonly percentage: number;
  readonly recipients: number;
  readonly pending: number;
  readonly delivered: number;
  readonly jobs: readonly { readonly queue: string; readonly id: string }[];
  readonly items: readonly {
    readonly messageId: string;
    readonly content: string;
    readonly recipients: readonly unknown[];
  }[];
}

/** An answer of the API. */
export interface ApiResponse {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly answer: ApiAnswer;
}

/** One run of the reference app on a port of its own. */
export class ChatApp {
  private constructor(
    readonly app: INestApplication,
    readonly url: string,
  ) {}

  static async start(options: AppOptions): Promise<ChatApp> {
    const keys = options.environment === 'production' ? [{ provide: KeyProvider, useClass: KeyRing }] : [];
    const imports = [AppModule.register({ environment: 'test', adapters: keys, ...options })];
    return ChatApp.of(await Test.createTestingModule({ imports }).compile());
  }

  static async of(module: TestingModule): Promise<ChatApp> {
    const app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    return new ChatApp(app, await app.getUrl());
  }

  /** The cookie of people who have signed in. */
  cookieOf(...ids: readonly string[]): string {
    const people = ids.map((id) => this.app.get(People, { strict: false }).find(id)!);
    const [cookie = ''] = this.app
      .get(Sessions, { strict: false })
      .open(people, new URL(this.url).host)
      .split(';');
    return cookie;
  }

  /** Calls the API as somebody who has signed in. */
  call(path: string, body?: object, as = 'ada'): Promise<ApiResponse> {
    return this.request(path, body ? { method: 'POST', body: JSON.stringify(body) } : {}, as);
  }

  async request(path: string, { headers, ...options }: ApiRequest, as = 'ada'): Promise<ApiResponse> {
    const own = { 'content-type': 'application/json', cookie: this.cookieOf(as) };
    const response = await fetch(this.url + path, { ...options, headers: { ...own, ...headers } });
    const answer = (await response.json().catch(() => ({}))) as ApiAnswer;
    return { status: response.status, retryAfter: response.headers.get('retry-after'), answer };
  }

  async send(senderId: string, recipientId: string, content: string): Promise<string> {
    const message = { recipientId, conversationId: 'c1', content };
    const { status, answer } = await this.call('/api/messages', message, senderId);
    expect(status).toBe(202);
    return answer.messageId;
  }

  status(messageId: string, recipientId: string): Promise<string | undefined> {
    const store = this.app.get(MessageStore, { strict: false });
    return store.findStatus(messageId, recipientId).then((found) => found?.status);
  }
}

/** A user's device with the client that browsers get. */
export class Device {
  readonly messages: SocketMessage[] = [];
  readonly own: { readonly messageId: string }[] = [];
  readonly statuses: SocketStatus[] = [];
  readonly recalls: SocketRecall[] = [];
  readonly socket: Socket;
  readonly client: MessageClient;

  /** @param cookie of whoever has signed in there */
  constructor(app: ChatApp, cookie: string, { extraHeaders, ...options }: Partial<SocketOptions> = {}) {
    this.socket = io(app.url, {
      ...{ extraHeaders: { cookie, ...extraHeaders }, forceNew: true, transports: ['websocket'] },
      ...options,
    });
    this.client = new MessageClient(this.socket, {
      onMessage: (message) => this.messages.push(message),
      onOwnMessage: (message) => this.own.push(message),
      onStatus: (status) => this.statuses.push(status),
      onRecall: (recall) => this.recalls.push(recall),
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

/** The apps and devices of one test file, closed after each test. */
export class ChatStage {
  private readonly ends: (() => unknown)[] = [];

  /** @param options default: the memory provider */
  async start(options: AppOptions = { provider: 'memory' }): Promise<ChatApp> {
    const started = await ChatApp.start(options);
    this.atEnd(() => started.app.close());
    return started;
  }

  device(app: ChatApp, userId: string, options: Partial<SocketOptions> = {}): Device {
    const made = new Device(app, app.cookieOf(userId), options);
    this.atEnd(() => made.close());
    return made;
  }

  signIn(app: ChatApp, userId: string): Promise<Device> {
    return this.device(app, userId).connected();
  }

  /** Runs `end` before what was started earlier ends. */
  atEnd(end: () => unknown): void {
    this.ends.push(end);
  }

  async clear(): Promise<void> {
    for (const end of this.ends.splice(0).reverse()) await end();
  }
}
