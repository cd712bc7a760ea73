import 'reflect-metadata';
import { Module } from '@nestjs/common';
import type { Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsString } from 'class-validator';
import { Redis } from 'ioredis';
import { EnvironmentKeyProvider } from '../../../src/message-queue/adapters/environment-keys/index.js';
import { sqlStoreAdapters } from '../../../src/message-queue/adapters/sql/index.js';
import {
  defineQueue,
  JobHandler,
  KeyScope,
  MessageQueueModule,
  MessageQueueService,
  Processor,
  Readable,
} from '../../../src/message-queue/index.js';
import type { MessageQueueModuleOptions } from '../../../src/message-queue/index.js';
import { DeadLetterService, Privacy } from '../../../src/message-queue/operations/index.js';
import { KeyProvider } from '../../../src/message-queue/ports/index.js';
import { PayloadCodec } from '../../../src/message-queue/privacy/payload-codec.js';

/** What a process of the tests is told. */
export interface LettersHostSettings {
  readonly port: number;
  readonly prefix: string;
  /** `before`: a release that has never heard of sealing. */
  readonly sealing: 'before' | 'off' | 'open-only' | 'on';
  /** As `ENCRYPTION_KEYS`; the first is the current one. */
  readonly keys: string;
  /** Where the data keys are; null: they are derived. */
  readonly database: string | null;
  readonly role: 'producer' | 'both';
  /** Whether runs of `hang` never end, and those of `tear` fail. */
  readonly isBroken: boolean;
}

/** What the process does when it is asked. */
export interface LettersCalls {
  /** Adds so many letters. @returns their ids */
  add(first: number, count: number, job?: string, delay?: number): Promise<string[]>;
  rewrapKeys(): Promise<unknown>;
  reseal(): Promise<unknown>;
  replayAll(): Promise<unknown>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Of each dead letter the codes of its failures. */
  failures(): Promise<readonly (readonly string[])[]>;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as LettersHostSettings;
const redis = new Redis(settings.port);

if (settings.sealing === 'before') PayloadCodec.prototype.withSeal = (definition) => definition;

class LetterDto {
  @Readable() @IsString() letterId!: string;
  @KeyScope('conversation') @IsString() conversationId!: string;
  @IsString() text!: string;
}

const LETTERS = defineQueue({
  name: 'letters',
  description: 'Letters with content.',
  sealed: true,
  jobs: { read: LetterDto, hang: LetterDto, tear: LetterDto },
  ...{ concurrency: 8, attempts: 3, backoff: { type: 'fixed', delayMs: 1 }, timeoutMs: 60_000 },
});

@Processor(LETTERS.name)
class LetterProcessor {
  @JobHandler(LETTERS, 'read')
  async read({ letterId, text }: LetterDto): Promise<{ echo: string }> {
    await redis.rpush('ran', `${settings.sealing} ${letterId} ${text}`);
    return { echo: text };
  }

  @JobHandler(LETTERS, 'hang')
  async hang(payload: LetterDto): Promise<void> {
    if (settings.isBroken) {
      await redis.rpush('hung', payload.letterId);
      await new Promise(() => undefined);
    }
    await this.read(payload);
  }

  @JobHandler(LETTERS, 'tear')
  async tear(payload: LetterDto): Promise<void> {
    if (settings.isBroken) throw new Error(`It does not tear: ${payload.text}`);
    await this.read(payload);
  }
}

const ADAPTERS: readonly Provider[] = [
  { provide: KeyProvider, useValue: new EnvironmentKeyProvider({ keys: settings.keys }) },
  ...(settings.database === null ? [] : sqlStoreAdapters({ url: settings.database })),
];

@Module({
  imports: [
    MessageQueueModule.forRoot({
      ...{ environment: 'test', provider: 'redis', prefix: settings.prefix, builtInQueues: false },
      ...{ redis: { host: '127.0.0.1', port: settings.port }, role: settings.role },
      privacy: { sealing: settings.sealing === 'before' ? 'off' : settings.sealing },
      lock: { durationMs: 5_000, renewMs: 1_000, stalledCheckMs: 500 },
      adapters: ADAPTERS as MessageQueueModuleOptions['adapters'],
    }),
    MessageQueueModule.registerQueue(LETTERS),
  ],
  providers: [LetterProcessor],
})
class LettersHost {}

async function main(): Promise<void> {
  process.on('disconnect', () => process.exit(1));
  const app = await NestFactory.createApplicationContext(LettersHost, { logger: ['fatal'] });
  app.enableShutdownHooks([], { useProcessExit: true });
  const service = app.get(MessageQueueService);
  const calls: LettersCalls = {
    add: (first, count, job = 'read', delay = 0) => {
      const letters = Array.from({ length: count }, (_, index) => first + index);
      const adding = letters.map((n) => {
        const payload = { letterId: `l-${n}`, conversationId: `c-${n % 7}`, text: `secret ${n}` };
        return service.enqueue(LETTERS, job as 'read', payload, { delay });
      });
      return Promise.all(adding).then((receipts) => receipts.map(({ id }) => id));
    },
    rewrapKeys: () => app.get(Privacy).rewrapKeys(),
    reseal: () => app.get(Privacy).reseal(LETTERS.name),
    replayAll: () => app.get(DeadLetterService).replayMatching({ queue: LETTERS.name }, { by: 'a test' }),
    pause: () => service.pauseQueue(LETTERS.name),
    resume: () => service.resumeQueue(LETTERS.name),
    failures: async () =>
      (await service.getFailedJobs(LETTERS.name, 1_000)).map(({ failures }) =>
        failures.map(({ error }) => error),
      ),
  };
  process.on('message', ({ id, call, args }: { id: number; call: keyof LettersCalls; args: unknown[] }) => {
    const answer = (calls[call] as (...given: unknown[]) => Promise<unknown>)(...args);
    answer.then(
      (result) => process.send?.({ id, result }),
      (error: unknown) => process.send?.({ id, error: String(error) }),
    );
  });
  process.send?.('ready');
}

void main();
