import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { LoggerService } from '@nestjs/common';
import { Processor } from '@nestjs/bull';
import { Test } from '@nestjs/testing';
import { IsString } from 'class-validator';
import {
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import { UnrecoverableJobError } from '../../src/message-queue/index.js';
import type { LogFields } from '../../src/message-queue/operations/index.js';
import { KeyProvider } from '../../src/message-queue/ports/index.js';
import { KeyRing } from '../support/key-ring.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

const SECRET = 'tangerine dream';

class Note {
  @IsString()
  text!: string;
}

const NOTES = defineQueue({
  ...{ name: 'logged-notes', description: 'Notes.', jobs: { keep: Note }, sealed: true },
  ...{ concurrency: 1, attempts: 2, timeoutMs: 30_000, backoff: { type: 'fixed', delayMs: 1 } },
});

@Injectable()
@Processor(NOTES.name)
class Keeper {
  @JobHandler(NOTES, 'keep')
  keep({ text }: Note): void {
    if (text.startsWith('bad')) throw new Error(`cannot keep ${text}`);
    if (text.startsWith('hopeless')) throw new UnrecoverableJobError(`never: ${text}`);
  }
}

class Kept implements LoggerService {
  readonly said: { level: string; line: unknown }[] = [];
  readonly log = (line: unknown): void => void this.said.push({ level: 'info', line });
  readonly warn = (line: unknown): void => void this.said.push({ level: 'warn', line });
  readonly error = (line: unknown): void => void this.said.push({ level: 'error', line });
  readonly debug = (line: unknown): void => void this.said.push({ level: 'debug', line });
}

describe('The log in fields', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterAll(() => redis.stop());

  it.each(['memory', 'redis'] as const)(
    'follows jobs on %s by their correlation ids, without what they carry',
    async (provider) => {
      const logger = new Kept();
      const module = await Test.createTestingModule({
        imports: [
          MessageQueueModule.forRoot({
            ...{ environment: 'test', provider, builtInQueues: false, logs: { format: 'fields' } },
            ...(provider === 'redis' && { redis: { url: redis.url }, prefix: `l-${randomUUID()}` }),
            adapters: [{ provide: KeyProvider, useClass: KeyRing }],
          }),
          MessageQueueModule.registerQueue(NOTES),
        ],
        providers: [Keeper],
      })
        .setLogger(logger)
        .compile();
      const app = module.createNestApplication({ logger });
      await app.init();
      const service = app.get(MessageQueueService);
      const add = async (text: string, correlationId: string): Promise<void> => {
        await service.enqueue(NOTES, 'keep', { text: `${text} ${SECRET}` }, { correlationId });
      };
      await add('good', 'c-good');
      await add('bad', 'c-bad');
      await add('hopeless', 'c-hopeless');
      const fields = (): LogFields[] =>
        logger.said.flatMap(({ line }) =>
          typeof line === 'object' && line !== null && 'event' in line ? [line as LogFields] : [],
        );
      await waitUntil(
        () => fields().filter(({ level }) => level === 'error').length === 2,
        'two dead letters',
      );
      const story = (id: string): unknown[] =>
        fields()
          .filter(({ correlationId }) => correlationId === id)
          .map(({ event, level, data }) => [event, level, data.attempt]);
      expect(story('c-good')).toEqual([
        ['job_queued', 'debug', undefined],
        ['job_completed', 'info', 1],
      ]);
      expect(story('c-bad')).toEqual([
        ['job_queued', 'debug', undefined],
        ['job_failed', 'warn', 1],
        ['job_failed', 'error', 2],
      ]);
      expect(story('c-hopeless')).toEqual([
        ['job_queued', 'debug', undefined],
        ['job_failed', 'error', 1],
      ]);
      for (const { level, line } of logger.said.filter(
        ({ line }) => (line as LogFields).event !== undefined,
      )) {
        expect((line as LogFields).level).toBe(level);
        expect((line as LogFields).data).toMatchObject({ queueName: 'logged-notes', jobName: 'keep' });
      }
      expect(JSON.stringify(logger.said)).not.toContain('tangerine');
      // No sentence beside them.
      expect(logger.said.filter(({ line }) => /^(Failed|Dead letter)/.test(String(line)))).toEqual([]);
      await app.close();
    },
  );
});
