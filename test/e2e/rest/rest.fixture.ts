import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { Body, Controller, Module, Post } from '@nestjs/common';
import { getQueueToken } from '@nestjs/bull';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { Queue } from 'bull';
import { IsInt, IsOptional, IsString } from 'class-validator';
import type { ProviderName } from '../../../src/message-queue/broker/broker.js';
import { JobHandler, Processor } from '../../../src/message-queue/index.js';
import { defineQueue } from '../../../src/message-queue/jobs/queue-definition.js';
import { MessageQueueModule } from '../../../src/message-queue/message-queue.module.js';
import type { MessageQueueModuleOptions } from '../../../src/message-queue/message-queue.options.js';
import { SCHEMAS } from '../../../src/message-queue/operations/rest/openapi.js';
import { ROUTES } from '../../../src/message-queue/operations/rest/routes/route-table.js';
import { KeyProvider } from '../../../src/message-queue/ports/encryption/key-provider.js';
import { KeyRing } from '../../support/key-ring.js';
import { schemaProblems } from '../../support/json-schema.js';
import type { TestRedis } from '../../support/redis-server.js';
import { waitUntil } from '../../support/wait-until.js';

/** Says of itself how it ends. */
export class NoteDto {
  @IsString()
  text!: string;

  /** Message of the error that its handler throws. */
  @IsOptional()
  @IsString()
  fails?: string;

  @IsOptional()
  @IsInt()
  user?: number;
}

/** A queue of a test's app whose handler fails as payloads ask. */
export const NOTES = defineQueue({
  name: 'notes',
  description: 'Notes.',
  jobs: { write: NoteDto, print: NoteDto },
  concurrency: 20,
  attempts: 1,
  backoff: { type: 'fixed', delayMs: 1 },
  timeoutMs: 5_000,
  maxWaiting: 500,
});

/** As the chat app names its queues. */
const CHAT_MESSAGES = defineQueue({ ...NOTES, name: 'chat_messages', jobs: { say: NoteDto } });

@Processor(NOTES.name)
class NotesProcessor {
  @JobHandler(NOTES, 'write')
  write({ fails }: NoteDto): string {
    if (fails !== undefined) throw new TypeError(fails);
    return 'written';
  }

  @JobHandler(NOTES, 'print')
  print(payload: NoteDto): string {
    return this.write(payload);
  }
}

@Processor(CHAT_MESSAGES.name)
class ChatProcessor {
  @JobHandler(CHAT_MESSAGES, 'say')
  say(): void {
    return undefined;
  }
}

/** A route of the host's below REST's own address. */
@Controller('api/queue')
class HostController {
  @Post('enqueue/chat')
  chat(@Body() body: object): object {
    return { host: body };
  }
}

@Module({
  imports: [MessageQueueModule.registerQueue(NOTES), MessageQueueModule.registerQueue(CHAT_MESSAGES)],
  controllers: [HostController],
  providers: [NotesProcessor, ChatProcessor],
})
class NotesModule {}

/** How a test's app differs from the plainest one. */
export interface RestAppOptions extends MessageQueueModuleOptions {
  readonly platform?: 'express' | 'fastify';
  readonly setUp?: (app: INestApplication) => void;
  /** False: the app has neither the two queues nor who works on them. */
  readonly hasNotes?: boolean;
  /** Beside the two queues. */
  readonly imports?: NonNullable<Parameters<typeof Test.createTestingModule>[0]['imports']>;
}

/** An app with REST, listening on a free loopback port. */
export class RestApp {
  private constructor(
    readonly app: INestApplication,
    readonly url: string,
  ) {}

  static async start(
    provider: ProviderName,
    redis: TestRedis | null,
    options: RestAppOptions = {},
  ): Promise<RestApp> {
    const { platform, setUp, imports = [], hasNotes = true, ...module } = options;
    const place = redis
      ? {
          redisGuarantees: ['persistence' as const, 'noeviction' as const],
          redis: { url: redis.url },
          prefix: `rest-${randomUUID()}`,
        }
      : {};
    const testing = await Test.createTestingModule({
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider, environment: 'development', acceptInMemory: true, builtInQueues: false },
          ...{ privacy: { sealing: 'off' }, operations: {}, ...place, ...module },
          adapters: [{ provide: KeyProvider, useClass: KeyRing }],
        }),
        ...(hasNotes ? [NotesModule] : []),
        ...imports,
      ],
    }).compile();
    const app =
      platform === 'fastify'
        ? testing.createNestApplication(new FastifyAdapter(), { logger: false })
        : testing.createNestApplication({ logger: false });
    setUp?.(app);
    await app.listen(0, '127.0.0.1');
    return new RestApp(app, (await app.getUrl()).replace('[::1]', '127.0.0.1'));
  }

  queue(name: string = NOTES.name): Queue {
    return this.app.get<Queue>(getQueueToken(name), { strict: false });
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, { redirect: 'manual', ...init });
  }

  /** Asks REST; what it answers must be what its description says. @returns the answer's body */
  async ask<T = Record<string, unknown>>(path: string, expected = 200): Promise<T> {
    return this.checked<T>('GET', path, undefined, expected);
  }

  /** Sends a change. @returns the answer's body */
  async send<T = Record<string, unknown>>(
    method: 'POST' | 'DELETE',
    path: string,
    body?: unknown,
    expected = 200,
  ): Promise<T> {
    return this.checked<T>(method, path, body, expected);
  }

  /** Adds notes that fail, and waits until they are dead letters. */
  async deadNotes(count: number, fails = 'no route to 10.0.0.1', user?: number): Promise<void> {
    const queue = this.queue();
    const before = await queue.getFailedCount();
    const data = { text: 'a', fails, ...(user !== undefined && { user }) };
    await queue.addBulk(Array.from({ length: count }, () => ({ name: 'write', data })));
    await waitUntil(async () => (await queue.getFailedCount()) >= before + count, `${count} dead notes`);
  }

  close(): Promise<void> {
    return this.app.close();
  }

  private async checked<T>(method: string, path: string, body: unknown, expected: number): Promise<T> {
    const init =
      body === undefined
        ? { method }
        : { method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
    const response = await this.fetch(`/api/queue/${path}`, init);
    const answer = (await response.json()) as T;
    if (response.status !== expected)
      throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    const problems = schemaProblems(answer, schemaOf(method, path, response.status), SCHEMAS);
    if (problems.length > 0)
      throw new Error(`${method} ${path} is not as described:\n${problems.join('\n')}`);
    return answer;
  }
}

function schemaOf(method: string, path: string, status: number): Parameters<typeof schemaProblems>[1] {
  const segments = (path.split('?')[0] ?? '').split('/');
  const route = ROUTES.find((one) => {
    const parts = one.path.split('/');
    const fits =
      parts.length === segments.length &&
      parts.every((part, i) => part.startsWith(':') || part === segments[i]);
    return fits && one.method === method;
  });
  return route?.answers[status] ?? SCHEMAS['Problem'] ?? {};
}
