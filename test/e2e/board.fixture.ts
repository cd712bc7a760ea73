import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { getQueueToken } from '@nestjs/bull';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { Queue } from 'bull';
import type { BoardOptions } from '../../src/message-queue/operations/board/board-access.js';
import type { ProviderName } from '../../src/message-queue/broker/broker.js';
import { MessageQueueModule } from '../../src/message-queue/message-queue.module.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/message-queue.options.js';
import type { TestRedis } from '../support/redis-server.js';
import { KeyProvider } from '../../src/message-queue/ports/encryption/key-provider.js';
import { KeyRing } from '../support/key-ring.js';
import { waitUntil } from '../support/wait-until.js';

/** How a test's app differs from the plainest one. */
export interface BoardAppOptions {
  readonly board?: BoardOptions;
  readonly environment?: MessageQueueModuleOptions['environment'];
  /** Whether payloads are sealed. Default `off`: tests look at what is stored. */
  readonly sealing?: 'on' | 'off';
  /** Default `express`. */
  readonly platform?: 'express' | 'fastify';
  /** Default: all six. */
  readonly builtInQueues?: MessageQueueModuleOptions['builtInQueues'];
  readonly setUp?: (app: INestApplication) => void;
  readonly imports?: NonNullable<Parameters<typeof Test.createTestingModule>[0]['imports']>;
  readonly providers?: NonNullable<Parameters<typeof Test.createTestingModule>[0]['providers']>;
}

/** An app with the module, listening on a free loopback port. */
export class BoardApp {
  private constructor(
    readonly app: INestApplication,
    readonly url: string,
  ) {}

  static async start(
    provider: ProviderName,
    redis: TestRedis | null,
    options: BoardAppOptions = {},
  ): Promise<BoardApp> {
    const { board, environment = 'development', platform, imports = [], providers = [] } = options;
    const { sealing = 'off', builtInQueues } = options;
    const place = redis ? { redis: { url: redis.url }, prefix: `board-${randomUUID()}` } : {};
    const module = await Test.createTestingModule({
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider, environment, acceptInMemory: true, board, privacy: { sealing }, ...place },
          builtInQueues,
          adapters: [{ provide: KeyProvider, useClass: KeyRing }],
        }),
        ...imports,
      ],
      providers,
    }).compile();
    const app =
      platform === 'fastify'
        ? module.createNestApplication(new FastifyAdapter(), { logger: false })
        : module.createNestApplication({ logger: false });
    options.setUp?.(app);
    await app.listen(0, '127.0.0.1');
    return new BoardApp(app, (await app.getUrl()).replace('[::1]', '127.0.0.1'));
  }

  queue(name: string): Queue {
    return this.app.get<Queue>(getQueueToken(name), { strict: false });
  }

  /** Adds a delivery job that cannot be valid, and waits until it is a dead letter. @returns its id */
  async deadLetter(payload: Record<string, unknown>): Promise<string> {
    const queue = this.queue('message-delivery');
    const { id } = await queue.add('send-message', payload);
    await waitUntil(async () => (await queue.getJob(id))?.isFailed(), `job ${id} to be a dead letter`);
    return String(id);
  }

  get(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.url + path, { redirect: 'manual', ...init });
  }

  /** What the board's page asks for. */
  async api<T>(path: string, init: RequestInit = {}): Promise<T> {
    const response = await this.get(`/admin/queues/api${path}`, init);
    return (await response.json()) as T;
  }

  close(): Promise<void> {
    return this.app.close();
  }
}
